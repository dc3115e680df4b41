package dev.pglambda.lambda;

import static dev.pglambda.lambda.InvokeStage.error;
import static dev.pglambda.lambda.TestArguments.composite;
import static dev.pglambda.lambda.TestArguments.name;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.SqlError;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which region and name a call goes to. */
class InvokeRegionTest {
  private final InvokeStage stage = new InvokeStage();

  private static final String ARN = "arn:aws:lambda:us-west-2:444455556666:function:simple";
  private static final String PLACEHOLDER_ARN =
      "arn:aws:lambda:aws-region:444455556666:function:simple";

  @Test
  void takesTheArgumentFirst() {
    assertThat(stage.sent(name("f").region("us-east-2")).region()).isEqualTo("us-east-2");
  }

  @Test
  void takesTheAttributeOfTheComposite() {
    assertThat(stage.sent(composite("f", "us-east-2")).region()).isEqualTo("us-east-2");
  }

  @Test
  void takesTheRegionInTheArnNext() {
    Invocation sent = stage.sent(name(ARN));

    assertThat(sent.region()).isEqualTo("us-west-2");
    assertThat(sent.functionName()).isEqualTo(ARN);
  }

  @Test
  void takesItsOwnRegionLast() {
    assertThat(stage.sent(composite("444455556666:function:simple", null)).region())
        .isEqualTo("eu-central-1");
  }

  @Test
  void acceptsTheSameRegionTwice() {
    assertThat(stage.sent(composite(ARN, "us-west-2")).region()).isEqualTo("us-west-2");
  }

  @Test
  void refusesARegionThatContradictsTheArn() {
    assertThat(stage.refused(composite(ARN, "us-west-1")))
        .isEqualTo(
            new SqlError(
                "22023",
                "region \"us-west-1\" contradicts the region in the ARN of the function",
                "\"" + ARN + "\" is in region \"us-west-2\".",
                "Leave the region out, or give the same one."));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "s3",
        "aws-global",
        "us-east-99",
        "us-east-1.evil.example/#",
        "us-east-1.evil",
        "us-east-1\n",
        "us-east_1-1",
        "evil.example/",
        "x.y",
        "US-EAST-1",
        "us east 1",
        "xx-east-1",
        "localhost"
      })
  void refusesWhatIsNoRegion(String given) {
    SqlError error = stage.refused(name("f").region(given));

    assertThat(error.sqlState()).isEqualTo("22023");
    assertThat(error.message()).isEqualTo("invalid AWS region: \"" + given + "\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "us-east-1",
        "ap-southeast-7",
        "eu-nowhere-9", // newer than the SDK
        "cn-north-1",
        "us-gov-west-1",
        "us-isob-east-1",
        "eusc-de-east-1"
      })
  void takesRegionsOfAllPartitions(String region) {
    assertThat(stage.sent(name("f").region(region)).region()).isEqualTo(region);
  }

  @Test
  void refusesAnArnWithARegionThatNoPartitionHas() {
    assertThat(
            stage.refused(name("arn:aws:lambda:xx-east-1:444455556666:function:simple")).message())
        .isEqualTo("invalid AWS region: \"xx-east-1\"");
  }

  @ParameterizedTest
  @CsvSource({
    "arn:aws:lambda:cn-north-1:444455556666:function:f,,                cn-north-1, aws, aws-cn",
    "arn:aws-cn:lambda:us-east-1:444455556666:function:f,,              us-east-1, aws-cn, aws",
    "arn:aws:lambda:aws-region:444455556666:function:f, cn-northwest-1, cn-northwest-1, aws,"
        + " aws-cn",
    "arn:aws-cn:lambda:aws-region:444455556666:function:f,,             eu-central-1, aws-cn, aws"
  })
  void refusesAnArnWhoseRegionIsInAnotherPartition(
      String arn, @Nullable String given, String region, String named, String actual) {
    assertThat(stage.refused(given == null ? name(arn) : name(arn).region(given)))
        .isEqualTo(
            new SqlError(
                "22023",
                "region \"" + region + "\" contradicts the partition in the ARN of the function",
                "\"%s\" is in partition \"%s\", the region is in \"%s\"."
                    .formatted(arn, named, actual),
                null));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        ".",
        "..",
        ".:live",
        "..:$LATEST",
        "function:..",
        "444455556666:function:..",
        "arn:aws:lambda:us-west-2:444455556666:function:.",
        "arn:aws:lambda:us-west-2:444455556666:function:..:7"
      })
  void refusesANameThatIsAStepInAPath(String given) {
    assertThat(stage.refused(name(given)))
        .isEqualTo(
            new SqlError(
                "22023",
                "invalid value for argument \"function_name\" of aws_lambda.invoke: \""
                    + given
                    + "\"",
                null,
                null));
  }

  @Test
  void takesTheGuidesPlaceholderForNoRegion() {
    assertThat(stage.sent(composite("my-function", "aws-region")).region())
        .isEqualTo("eu-central-1");
  }

  @Test
  void fillsThePlaceholderInAnArnWithTheRegionGiven() {
    Invocation sent = stage.sent(composite(PLACEHOLDER_ARN, "us-west-1"));

    assertThat(sent.region()).isEqualTo("us-west-1");
    assertThat(sent.functionName())
        .isEqualTo("arn:aws:lambda:us-west-1:444455556666:function:simple");
  }

  @Test
  void fillsThePlaceholderInAnArnWithItsOwnRegion() {
    Invocation sent = stage.sent(name(PLACEHOLDER_ARN).region("aws-region"));

    assertThat(sent.region()).isEqualTo("eu-central-1");
    assertThat(sent.functionName())
        .isEqualTo("arn:aws:lambda:eu-central-1:444455556666:function:simple");
  }

  @Test
  void leavesANameInNoKnownFormToTheService() {
    Invocation sent = stage.sent(name("no such form!"));

    assertThat(sent.functionName()).isEqualTo("no such form!");
    assertThat(sent.region()).isEqualTo("eu-central-1");
  }
}
