/**
 * Permissions as on AWS: policy documents as IAM takes them, and whether they let a role invoke a
 * function. Nothing here asks AWS; the trust policy of a role is only checked.
 */
@NullMarked
package dev.pglambda.lambda.policy;

import org.jspecify.annotations.NullMarked;
