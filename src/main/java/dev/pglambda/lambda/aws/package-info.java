/**
 * Lambda through the AWS SDK: clients, credentials, the SDK's settings and the words of its
 * failures. The only code that uses the SDK.
 */
@NullMarked
package dev.pglambda.lambda.aws;

import org.jspecify.annotations.NullMarked;
