/**
 * Calling AWS Lambda: what an invocation is, what the SQL function {@code aws_lambda.invoke} makes
 * of its arguments and of Lambda's answers, and {@link dev.pglambda.lambda.aws.AwsLambdaInvoker}
 * with the few classes behind it, the only ones that use the AWS SDK. The credentials and regions
 * of AWS are also known here. No PostgreSQL wire protocol and no SQL text lives here.
 */
@NullMarked
package dev.pglambda.lambda;

import org.jspecify.annotations.NullMarked;
