package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.BothWays;
import dev.pglambda.testing.BothWays.Heard;
import dev.pglambda.testing.WireClient;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts that mention the extension in a transaction that has failed, as without the proxy. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.BothWays#ofVersions")
class FailedTransactionTest {
  private final BothWays ways;

  FailedTransactionTest(BothWays ways) {
    this.ways = ways;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SELECT 'aws_commons'                                      | 25P02",
        "SELECT 'aws_commons' +                                    | 42601",
        "SELECT aws_lambda.invoke('f', '{}'::json)                 | 25P02",
        "CREATE EXTENSION aws_lambda CASCADE                       | 25P02",
      })
  void aParseBehindAnotherIsRefusedAndDropsTheUnnamedStatement(String text, String sqlState)
      throws Exception {
    Heard heard =
        ways.hold(
            talk -> {
              WireClient client = talk.client();
              client.query("BEGIN; SELECT 1/0");
              talk.readUntilReady();
              client.parse("", "ROLLBACK").parse("", text).sync();
              talk.readUntilReady();
              client.describeStatement("").sync();
              talk.readUntilReady();
              client.query("ROLLBACK");
              talk.readUntilReady();
            });

    assertThat(heard.sqlStates()).containsExactly("22012", sqlState, "26000");
  }
}
