/**
 * IAM database authentication: what an authentication token of RDS is, and which ones count. Whom
 * the proxy asks for one, and when, is the business of {@code listener}; where the credentials of
 * AWS come from, that of {@code lambda.aws}.
 */
@NullMarked
package dev.pglambda.iam;

import org.jspecify.annotations.NullMarked;
