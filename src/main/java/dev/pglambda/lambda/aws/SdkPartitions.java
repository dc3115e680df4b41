package dev.pglambda.lambda.aws;

import dev.pglambda.lambda.Partitions;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.regions.Region;

/**
 * The partitions that the AWS SDK knows, by the patterns of their regions: a region that is newer
 * than the SDK is known, too. The SDK's patterns alone would let in bytes that no region has, so
 * the Lambda API's own pattern counts as well.
 */
public final class SdkPartitions implements Partitions {
  /** The API's, with an end to the names: DNS has one (RFC 1035, section 2.3.4). */
  private static final Pattern REGION =
      Pattern.compile("(eusc-)?[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]{1,40}-\\d");

  private final Map<String, Pattern> regions;

  /** Reads the SDK's metadata, which takes some milliseconds. */
  public SdkPartitions() {
    regions =
        Region.regions().stream()
            .map(PartitionMetadata::of)
            .distinct()
            .collect(
                Collectors.toUnmodifiableMap(
                    PartitionMetadata::id,
                    partition -> Pattern.compile(partition.regionRegex()),
                    (one, same) -> one));
  }

  @Override
  public @Nullable String partitionOf(String region) {
    if (!REGION.matcher(region).matches()) {
      return null;
    }
    return regions.entrySet().stream()
        .filter(partition -> partition.getValue().matcher(region).matches())
        .map(Map.Entry::getKey)
        .findAny()
        .orElse(null);
  }
}
