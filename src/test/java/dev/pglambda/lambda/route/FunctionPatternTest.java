package dev.pglambda.lambda.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.lambda.FunctionReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FunctionPatternTest {

  private static FunctionPattern pattern(String text) {
    return FunctionPattern.parse(text).orElseThrow();
  }

  private static FunctionReference orders(@Nullable String qualifier) {
    return new FunctionReference("aws", "eu-west-1", "111122223333", "orders", qualifier);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "orders",
        "*",
        "ord*",
        "*ders",
        "o*e*s",
        "order?",
        "orders*",
        "orders:*",
        "orders:$LATEST",
        "function:orders",
        "111122223333:function:orders",
        "1111*:function:orders",
        "*:function:orders:?LATEST",
        "arn:aws:lambda:eu-west-1:111122223333:function:orders",
        "arn:aws*:lambda:eu-*:*:function:*:$LATEST"
      })
  void meansAFunctionWhateverPartsItLeavesOpen(String text) {
    assertThat(pattern(text).mismatch(orders(null))).isNull();
    assertThat(pattern(text).matches(orders("$LATEST"))).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "order | the name is \"orders\"",
        "orders? | the name is \"orders\"",
        "Orders | the name is \"orders\"",
        "order. | the name is \"orders\"",
        "orders:live | the qualifier is $LATEST",
        "444455556666:function:orders | the account is 111122223333",
        "arn:aws:lambda:us-*:*:function:orders | the region is eu-west-1",
        "arn:aws-cn:lambda:*:*:function:orders | the partition is aws"
      })
  void saysWhatDiffers(String text, String mismatch) {
    assertThat(pattern(text).mismatch(orders(null))).isEqualTo(mismatch);
    assertThat(pattern(text).matches(orders(null))).isFalse();
  }

  @Test
  void tellsQualifiersApart() {
    assertThat(pattern("orders").matches(orders("live"))).isTrue();
    assertThat(pattern("orders:l*").matches(orders("live"))).isTrue();
    assertThat(pattern("orders:$LATEST").mismatch(orders("7"))).isEqualTo("the qualifier is 7");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "no such!",
        "orders:",
        ":live",
        "a:b:c",
        "arn:aws:lambda:eu-west-1:function:orders",
        "arn:aws:lambda:eu-west-1:111122223333:orders",
        "arn:aws:s3:eu-west-1:111122223333:function:orders",
        "eu-west-1:111122223333:function:orders",
        "${name}"
      })
  void hasAFormOfTheApi(String text) {
    assertThat(FunctionPattern.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "a*bc*d, abcbcd, true",
    "a*bc*d, abcd, true",
    "a**?d,  abd,  true",
    "a*b*bc, abbc, true",
    "a*b*bc, abc,  false",
    "*?*?,   a,    false",
  })
  void takesAnyCharactersForAStar(String text, String name, boolean matches) {
    assertThat(pattern(text).matchesName(name)).isEqualTo(matches);
  }

  @Test
  @Timeout(10)
  void isQuickWhateverTheName() {
    String name = "-".repeat(256);

    assertThat(pattern("*-*-*-*-*-*-*-*-*x").matchesName(name)).isFalse();
    assertThat(pattern("*-*-*-*-*-*-*-*-*-").matchesName(name)).isTrue();
  }

  @Test
  void knowsFunctionsByTheirNameAlone() {
    FunctionPattern pattern = pattern("arn:aws:lambda:us-east-1:*:function:orders-*:live");

    assertThat(pattern.matchesName("orders-eu")).isTrue();
    assertThat(pattern.matchesName("orders")).isFalse();
  }

  @Test
  void isItsText() {
    assertThat(pattern("orders")).isEqualTo(pattern("orders")).hasToString("orders");
    assertThat(pattern("orders")).isNotEqualTo(pattern("orders:*"));
  }
}
