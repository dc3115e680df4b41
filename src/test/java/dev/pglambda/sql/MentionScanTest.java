package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MentionScanTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "aws_lambda",
        "aws_commons",
        "AWS_LAMBDA",
        "Aws_Commons",
        "SELECT aws_lambda.invoke(1)",
        "xaws_lambdax",
        "aws_aws_lambda",
        "aws_commonaws_commons",
        "aws_lambdaws_lambda"
      })
  void findsBothNamesInAnyCase(String text) {
    assertThat(found(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "aws_lambd",
        "aws_common",
        "aws_commonaws_commo",
        "aws-lambda",
        "aws\u007flambda",
        "SELECT 1"
      })
  void findsNothingElse(String text) {
    assertThat(found(text)).isFalse();
  }

  @Test
  void looksOnlyWithinTheRange() {
    byte[] bytes = bytes("aws_lambda");

    assertThat(MentionScan.awsExtension(ByteBuffer.wrap(bytes, 1, 9))).isFalse();
    assertThat(MentionScan.awsExtension(ByteBuffer.wrap(bytes, 1, 9).slice())).isFalse();
    assertThat(MentionScan.awsExtension(ByteBuffer.wrap(bytes).limit(9))).isFalse();
  }

  @Test
  void leavesTheBufferAsItIs() {
    ByteBuffer buffer = direct(bytes("..aws_lambda..")).position(1).limit(13);

    assertThat(MentionScan.awsExtension(buffer)).isTrue();
    assertThat(buffer.position()).isEqualTo(1);
    assertThat(buffer.limit()).isEqualTo(13);
  }

  @Test
  void agreesWithAPlainSearchOnRandomText() {
    Random random = new Random(3);
    String letters = "aws_lmbdcon";
    int hits = 0;
    for (int i = 0; i < 200_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int parts = random.nextInt(4); parts >= 0; parts--) {
        text.append(random.nextBoolean() ? "aws_" : "AWS_");
        text.append(random.nextBoolean() ? "lambda" : "commons");
        text.setLength(text.length() - random.nextInt(3));
        text.insert(
            random.nextInt(text.length()), letters.charAt(random.nextInt(letters.length())));
      }
      String lower = text.toString().toLowerCase(Locale.ROOT);
      boolean expected = lower.contains("aws_lambda") || lower.contains("aws_commons");
      hits += expected ? 1 : 0;
      assertThat(found(text.toString())).as(text.toString()).isEqualTo(expected);
    }
    assertThat(hits).isBetween(20_000, 180_000);
  }

  private static boolean found(String text) {
    byte[] bytes = bytes(text);
    boolean found = MentionScan.awsExtension(ByteBuffer.wrap(bytes));
    assertThat(MentionScan.awsExtension(direct(bytes))).isEqualTo(found);
    assertThat(MentionScan.awsExtension(direct(bytes).order(ByteOrder.LITTLE_ENDIAN)))
        .isEqualTo(found);
    return found;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }
}
