package dev.pglambda.lambda.local;

/**
 * Which calls a process is for.
 *
 * @param region AWS region
 * @param version {@code $LATEST} or a number
 * @param code fingerprint of the code
 */
record Sandbox(String region, String version, long code) {}
