package dev.pglambda.lambda.route;

import java.time.Duration;

/**
 * Something that goes wrong with some calls, on purpose.
 *
 * @param kind what
 * @param rate from 0 (never) to 1 (always)
 * @param delay of {@link FaultKind#DELAY}, else zero
 */
public record Fault(FaultKind kind, double rate, Duration delay) {}
