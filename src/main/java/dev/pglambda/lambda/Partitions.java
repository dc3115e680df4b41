package dev.pglambda.lambda;

import org.jspecify.annotations.Nullable;

/**
 * AWS's partitions, each with its own regions and domains (AWS General Reference, "Amazon Resource
 * Names"). A region becomes part of a host name, to which requests with credentials go: only what
 * is known here may.
 */
@FunctionalInterface
public interface Partitions {

  /** The partition of a region, for example {@code aws-cn}; null if no region has that name. */
  @Nullable String partitionOf(String region);
}
