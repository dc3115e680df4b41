package dev.pglambda.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FunctionNameTest {

  @ParameterizedTest
  @CsvSource(
      textBlock =
          """
          my-function,                                                      , , my-function,
          my_function.v2,                                                   , , my_function.v2,
          my-function:prod,                                                 , , my-function, prod
          my-function:1,                                                    , , my-function, 1
          my-function:$LATEST,                                              , , my-function, $LATEST
          my-function:$LATEST.PUBLISHED,                                    , , my-function, $LATEST.PUBLISHED
          function,                                                         , , function,
          function:my-function,                                             , , my-function,
          111122223333:function:my-function,                                , 111122223333, my-function,
          111122223333:function:my-function:prod,                           , 111122223333, my-function, prod
          us-east-1:111122223333:function:my-function,             us-east-1, 111122223333, my-function,
          arn:aws:lambda:us-west-2:111122223333:function:f,        us-west-2, 111122223333, f,
          arn:aws:lambda:us-west-2:111122223333:function:f:7,      us-west-2, 111122223333, f, 7
          arn:aws-cn:lambda:cn-north-1:111122223333:function:f,   cn-north-1, 111122223333, f,
          arn:aws-us-gov:lambda:us-gov-west-1:111122223333:function:f, us-gov-west-1, 111122223333, f,
          arn:aws-iso-b:lambda:us-isob-east-1:111122223333:function:f, us-isob-east-1, 111122223333, f,
          arn:aws-eusc:lambda:eusc-de-east-1:111122223333:function:f, eusc-de-east-1, 111122223333, f,
          arn:aws:lambda:aws-region:111122223333:function:f:7,     aws-region, 111122223333, f, 7
          """)
  void takesEveryFormOfTheApiApart(
      String text,
      @Nullable String region,
      @Nullable String account,
      String name,
      @Nullable String qualifier) {
    String partition = text.startsWith("arn:") ? text.split(":", -1)[1] : null;

    assertThat(FunctionName.parse(text))
        .contains(new FunctionName(text, partition, region, account, name, qualifier));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "my function",
        "my-function:",
        "my-function:a:b",
        "my-function:$latest",
        "(my-function,us-east-1)",
        "arn:aws:s3:::bucket",
        "arn:aws:lambda:moon-base-1:111122223333:function:f",
        "arn:aws:lambda:us-east-1:1234:function:f",
        "f\n",
        "../f"
      })
  void knowsWhatHasNoneOfTheForms(String text) {
    assertThat(FunctionName.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "arn:aws:lambda:aws-region:111122223333:function:f,"
        + " arn:aws:lambda:eu-west-1:111122223333:function:f",
    "arn:aws-region:lambda:aws-region:111122223333:function:f,"
        + " arn:aws-region:lambda:eu-west-1:111122223333:function:f",
    "arn:aws:lambda:us-east-1:111122223333:function:f,"
        + " arn:aws:lambda:us-east-1:111122223333:function:f",
    "aws-region, aws-region",
    "f:aws-region, f:aws-region"
  })
  void fillsInTheRegionWhereTheGuidesPlaceholderStandsForIt(String text, String sent) {
    assertThat(FunctionName.parse(text).orElseThrow().textIn("eu-west-1")).isEqualTo(sent);
  }
}
