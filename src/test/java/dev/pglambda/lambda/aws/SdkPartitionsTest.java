package dev.pglambda.lambda.aws;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.regions.PartitionMetadata;
import software.amazon.awssdk.regions.Region;

class SdkPartitionsTest {
  private final SdkPartitions partitions = new SdkPartitions();

  @Test
  void knowsEveryRegionOfTheSdk() {
    assertThat(Region.regions())
        .filteredOn(region -> !region.isGlobalRegion())
        .hasSizeGreaterThan(40)
        .allSatisfy(
            region ->
                assertThat(partitions.partitionOf(region.id()))
                    .isEqualTo(PartitionMetadata.of(region).id()));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      value = {
        "us-gov-nowhere-1, aws-us-gov",
        "cn-south-1, aws-cn",
        "us-iso-west-2, aws-iso",
        "eusc-fr-east-1, none",
        "us-isox-east-1, none",
        "us-aaaaaaaaaabbbbbbbbbbccccccccccddddddddddee-1, none",
        "aws-global, none"
      })
  void goesByThePatternsOfThePartitions(String region, String partition) {
    assertThat(partitions.partitionOf(region)).isEqualTo(partition);
  }
}
