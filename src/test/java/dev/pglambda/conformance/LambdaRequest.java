package dev.pglambda.conformance;

import org.jspecify.annotations.Nullable;

/**
 * An Invoke request as the endpoint saw it.
 *
 * @param functionName as in the path, decoded
 * @param invocationType {@code X-Amz-Invocation-Type}
 * @param logType {@code X-Amz-Log-Type}, or null
 * @param qualifier query parameter {@code Qualifier}, or null
 * @param clientContext {@code X-Amz-Client-Context}, decoded from base64, or null
 * @param region of the signature, or null if the endpoint does not look
 * @param payload the body as UTF-8 text
 */
public record LambdaRequest(
    String functionName,
    String invocationType,
    @Nullable String logType,
    @Nullable String qualifier,
    @Nullable String clientContext,
    @Nullable String region,
    String payload) {}
