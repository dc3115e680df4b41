package dev.pglambda.lambda.policy;

import dev.pglambda.lambda.FunctionReference;

/**
 * A call that a policy is asked about.
 *
 * @param function with the account that it is in
 * @param role who calls
 */
record PolicyRequest(FunctionReference function, IamRole role) {}
