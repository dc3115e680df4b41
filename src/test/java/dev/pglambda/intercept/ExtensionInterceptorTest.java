package dev.pglambda.intercept;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.intercept.Interceptor.Concern;
import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.protocol.ClientEncoding;
import dev.pglambda.sql.Originals;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExtensionInterceptorTest {
  private final Interceptor interceptor =
      new ExtensionInterceptor((statement, text) -> "<" + text + ">", view -> "SELECT", false);

  private Settings settings = new Settings(true, ClientEncoding.SINGLE_BYTE);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SELECT 1",
        "SELECT * FROM aws_lambda.invoke('f', '{}'::json)",
        "SELECT 'CREATE EXTENSION aws_lambda'",
        "SELECT $$BEGIN CREATE EXTENSION aws_lambda; END$$",
        "DO $$BEGIN CREATE EXTENSION aws_lambda VERSION $pglambda$1.0$pglambda$; END$$",
        "CREATE EXTENSION hstore; -- aws_lambda",
        "CREATE VIEW aws_lambda AS SELECT 1 FROM pg_available_extensions",
        "DROP EXTENSION hstore; -- aws_lambda"
      })
  void passesWhatPostgresCanDo(String text) {
    assertThat(inspect(text)).isNull();
  }

  @Test
  void showsATextWhoseCallsTheProxyCanServe() {
    String text = "SELECT 1; SELECT * FROM aws_lambda.invoke('f', '{}'::json)";
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);

    Rewrite rewrite =
        new ExtensionInterceptor((statement, original) -> original, view -> "SELECT", true)
            .inspect(Unpooled.wrappedBuffer(bytes), 0, bytes.length, null, settings);

    assertThat(rewrite).isNotNull();
    assertThat(rewrite.text()).isEqualTo(text);
    assertThat(rewrite.spans()).isEmpty();
    assertThat(requireNonNull(rewrite.calls()).text().calls()).hasSize(1);
  }

  @Test
  void replacesEachStatementInItsPlaceAndSaysWhichTheyAre() {
    Rewrite rewrite =
        inspect(
            "SELECT '\u00e9'; create extension if not exists Aws_Lambda cascade ;; SELECT 2;"
                + " ALTER EXTENSION aws_commons UPDATE");

    assertThat(rewrite)
        .isEqualTo(
            new Rewrite(
                "SELECT '\u00e9'; <create extension if not exists Aws_Lambda cascade> ;; SELECT 2;"
                    + " <ALTER EXTENSION aws_commons UPDATE>",
                List.of(
                    new ReplacedSpan(1, "CREATE EXTENSION", 12, 61, 51),
                    new ReplacedSpan(3, "ALTER EXTENSION", 75, 109, 36)),
                Keys.OF_STATEMENT,
                false,
                null));
  }

  @Test
  void replacesStatementsWithinBodiesAndGivesThemNoReply() {
    String text =
        "DO 'BEGIN CREATE EXTENSION aws_lambda VERSION ''1.0''; END';"
            + " CREATE EXTENSION aws_commons; DO $$BEGIN ALTER EXTENSION aws_lambda UPDATE; END$$";

    Rewrite rewrite = requireNonNull(inspect(text));

    assertThat(Originals.in(rewrite.text()))
        .isEqualTo(text.replace("CREATE EXTENSION aws_commons", "<CREATE EXTENSION aws_commons>"));
    assertThat(rewrite.text()).contains("<CREATE EXTENSION aws_lambda VERSION ^1.0^>", "$`~^@$");
    assertThat(rewrite.spans())
        .extracting(ReplacedSpan::index)
        .containsExactly(ReplacedSpan.NESTED, 1, ReplacedSpan.NESTED);
    assertThat(rewrite.spans())
        .extracting(statement -> text.substring(statement.start(), statement.end()))
        .containsExactly(
            "CREATE EXTENSION aws_lambda VERSION ''1.0''",
            "CREATE EXTENSION aws_commons",
            "ALTER EXTENSION aws_lambda UPDATE");
  }

  @Test
  void listsTheExtensionsInViewsAmongAllElseThatItReplaces() {
    String text =
        "SELECT '\u00e9' FROM pg_available_extensions; DO $$BEGIN IF EXISTS (SELECT FROM"
            + " pg_available_extensions AS e WHERE e.name = 'aws_lambda') THEN CREATE EXTENSION"
            + " aws_commons; END IF; END$$";

    Rewrite rewrite = requireNonNull(inspect(text));

    assertThat(rewrite.text())
        .startsWith(
            "SELECT '\u00e9' FROM (/*pglambda2-as */SELECT/*pglambda2*/) AS pg_available_extensions;"
                + " DO $$BEGIN IF EXISTS (SELECT FROM (/*pglambda2 pg_available_extensions*/SELECT"
                + "/*pglambda2*/) AS e WHERE");
    assertThat(Originals.in(rewrite.text())).isEqualTo(text);
    assertThat(rewrite.spans())
        .extracting(ReplacedSpan::index)
        .containsOnly(ReplacedSpan.NESTED)
        .hasSize(3);
    assertThat(rewrite.keys()).isEqualTo(Keys.NONE);
  }

  @Test
  void passesATextWithMoreViewsThanAnyoneReads() {
    String select = "SELECT 'aws_lambda' FROM pg_available_extensions;";

    assertThat(inspect(select.repeat(256))).isNotNull();
    assertThat(inspect(select.repeat(257))).isNull();
  }

  @Test
  void passesBodiesThatItHasRewrittenBefore() {
    String function = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN %s; END$$";
    Rewrite first = requireNonNull(inspect(function.formatted("CREATE EXTENSION aws_lambda")));

    assertThat(inspect(first.text())).isNull();
  }

  @Test
  void passesATextWithMoreStatementsThanAnyoneWrites() {
    assertThat(inspect("CREATE EXTENSION aws_lambda;".repeat(256))).isNotNull();
    assertThat(inspect("CREATE EXTENSION aws_lambda;".repeat(257))).isNull();
    assertThat(inspect("DO $$BEGIN " + "CREATE EXTENSION aws_lambda;".repeat(257) + " END$$"))
        .isNull();
  }

  @Test
  void countsCharactersNotBytes() {
    // é is two bytes
    settings = new Settings(true, ClientEncoding.UTF8);

    assertThat(
            inspect("SELECT '\u00c3\u00a9'; CREATE EXTENSION aws_lambda SCHEMA \"\u00c3\u00a9\""))
        .extracting(Rewrite::spans)
        .isEqualTo(List.of(new ReplacedSpan(1, "CREATE EXTENSION", 12, 50, 40)));
  }

  @Test
  void asksForKeysWhereTheyAreStored() {
    assertThat(takesKeys("CREATE EXTENSION aws_lambda")).isTrue();
    assertThat(takesKeys("ALTER EXTENSION aws_lambda UPDATE")).isTrue();
    assertThat(takesKeys("DO $$BEGIN CREATE EXTENSION aws_lambda; END$$")).isTrue();
    assertThat(takesKeys("SELECT 1; do 'BEGIN CREATE EXTENSION aws_lambda; END'")).isTrue();
    assertThat(
            takesKeys(
                "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$BEGIN CREATE EXTENSION aws_lambda;"
                    + " END$$; DO $$BEGIN CREATE EXTENSION aws_commons; END$$"))
        .isFalse();
    assertThat(takesKeys("CREATE EXTENSION aws_commons")).isFalse();
    assertThat(takesKeys("DROP EXTENSION aws_lambda")).isFalse();
    assertThat(takesKeys("ALTER EXTENSION aws_lambda SET SCHEMA s")).isFalse();
    assertThat(takesKeys("COMMENT ON EXTENSION aws_lambda IS NULL")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SHOW aws_lambda.request_timeout_ms",
        "show \"aws_lambda\".connect_timeout_ms",
        "SELECT current_setting('AWS_LAMBDA.endpoint_override')"
      })
  void tellsWhichTextsReadParameters(String text) {
    Rewrite rewrite = requireNonNull(inspect(text));

    assertThat(rewrite.readsParameters()).isTrue();
    assertThat(rewrite.spans()).isEmpty();
    assertThat(inspect("SET aws_lambda.request_timeout_ms = 10")).isNull();
  }

  @Test
  void isConcernedWithTextsThatMentionTheExtensions() {
    assertThat(concern("SELECT 'Aws_Lambda'")).isEqualTo(Concern.EXTENSION);
    assertThat(concern("CALL p('aws_lambda')")).isEqualTo(Concern.EXTENSION);
    assertThat(concern("SELECT 1 FROM pg_available_extensions WHERE name LIKE 'aws%'"))
        .isEqualTo(Concern.NONE);
    assertThat(concern("")).isEqualTo(Concern.NONE);
  }

  @Test
  void isConcernedWithCallsOfProcedures() {
    assertThat(concern("\n call p()")).isEqualTo(Concern.PROCEDURE);
    assertThat(concern("CALLS p()")).isEqualTo(Concern.NONE);
    assertThat(concern("CALL")).isEqualTo(Concern.NONE);
    assertThat(requireNonNull(inspect("call p()")).keys()).isEqualTo(Keys.OF_PROCEDURE);
    assertThat(requireNonNull(inspect("CALL p('aws_lambda')")).keys()).isEqualTo(Keys.OF_PROCEDURE);
  }

  private Concern concern(String text) {
    ByteBuf buffer = Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    return interceptor.concern(buffer, 0, buffer.readableBytes());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "BEGIN ISOLATION LEVEL SERIALIZABLE; ",
        "BEGIN read  write; ",
        "START TRANSACTION READ ONLY; ",
        "BEGIN; SET TRANSACTION NOT DEFERRABLE; ",
        "BEGIN; SET TRANSACTION SNAPSHOT '00000003-0000001B-1'; "
      })
  void asksForNoKeysWhereTheyWouldTakeTheTransactionsSnapshot(String before) {
    assertThat(takesKeys(before + "CREATE EXTENSION aws_lambda")).isFalse();
  }

  private boolean takesKeys(String text) {
    Rewrite rewrite = inspect(text);
    assertThat(rewrite).isNotNull();
    return rewrite.keys() == Keys.OF_STATEMENT;
  }

  @Test
  void readsBackslashesAsTheServerDoes() {
    String text = "SELECT 'a\\'; CREATE EXTENSION aws_lambda; --'";
    assertThat(inspect(text)).isNotNull();

    settings = new Settings(false, ClientEncoding.SINGLE_BYTE);
    assertThat(inspect(text)).isNull();
  }

  @Test
  void takesNoByteOfAnotherCharacterForAnAsciiOne() {
    // To any other encoding these are unfinished strings, an identifier, and a comment.
    String text =
        "SELECT '\u0095\\\\u0095\\', E'\u0095\\'; CREATE EXTENSION aws_lambda SCHEMA"
            + " \"\u0083\"\u0095\\\"; SELECT 1 AS \u008a/*\u008a/*";
    settings = new Settings(true, ClientEncoding.SHIFT_JIS);

    assertThat(inspect(text)).isNotNull();
  }

  private @Nullable Rewrite inspect(String text) {
    byte[] bytes = ("Q...." + text + "\0").getBytes(StandardCharsets.ISO_8859_1);
    ByteBuf heap = Unpooled.wrappedBuffer(bytes);
    ByteBuf direct = Unpooled.directBuffer().writeBytes(bytes);
    Rewrite rewrite = interceptor.inspect(heap, 5, text.length(), null, settings);
    assertThat(interceptor.inspect(direct, 5, text.length(), null, settings)).isEqualTo(rewrite);
    direct.release();
    return rewrite;
  }

  private record Settings(boolean standardConformingStrings, ClientEncoding encoding)
      implements ServerSettings {}
}
