package dev.pglambda.sql;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NestedStatementTest {
  private static final String STATEMENT = "CREATE EXTENSION aws_lambda";

  /** What is to be found stands between these; they are taken out before the text is read. */
  private static final Pattern MARKED = Pattern.compile("\u00ab([^\u00bb]*)\u00bb");

  @ParameterizedTest
  @ValueSource(
      strings = {
        // DO
        "DO $$BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END$$",
        "do language plpgsql $x$ begin \u00abcreate extension aws_lambda\u00bb; end $x$;",
        "DO $$BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END$$ LANGUAGE PLpgSQL",
        "DO LANGUAGE 'plpgsql' $$BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END$$",
        "DO LANGUAGE \"plpgsql\" 'BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END'",
        "DO 'BEGIN \u00abCREATE EXTENSION aws_lambda VERSION ''1.0''\u00bb; END'",
        "DO E'BEGIN\\n\\t\u00abCREATE\\nEXTENSION aws_lambda VERSION \\'1.0\\'\u00bb\\n;END'",
        "DO E'BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; /* \\u00e9 \\x99 */ END'",
        "DO 'BEGIN \u00abCREATE EXT'\n  'ENSION aws_lambda\u00bb; '\n'END'",
        "DO 'BEGIN '\n'\u00abCREATE EXTENSION aws_lambda\u00bb'\n'; END'",
        "DO/**/$$BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END$$--",
        "SELECT 1; DO $$BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END$$; SELECT 2",
        // plpgsql
        "DO $$<<a>> DECLARE x int; BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb;END a$$",
        "DO $$BEGIN BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END; END$$",
        "DO $$BEGIN IF true THEN \u00abCREATE EXTENSION aws_lambda\u00bb;"
            + " ELSIF x THEN \u00abALTER EXTENSION aws_lambda UPDATE\u00bb;"
            + " ELSE \u00abCREATE EXTENSION aws_commons\u00bb; END IF; END$$",
        "DO $$BEGIN WHILE true LOOP \u00abCREATE EXTENSION aws_lambda\u00bb; END LOOP; END$$",
        "DO $$BEGIN CASE x WHEN 1 THEN \u00abCREATE EXTENSION aws_lambda\u00bb;"
            + " ELSE \u00abCREATE EXTENSION aws_commons\u00bb; END CASE; END$$",
        "DO $$BEGIN NULL; EXCEPTION WHEN OTHERS THEN \u00abCREATE EXTENSION aws_lambda\u00bb;"
            + " END$$",
        "DO $$#variable_conflict use_column\nBEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END$$",
        "DO $$BEGIN \u00abCREATE EXTENSION IF NOT EXISTS aws_lambda CASCADE -- why\n"
            + " /* not */\u00bb \t; END$$",
        "DO $$BEGIN EXECUTE '\u00abCREATE EXTENSION aws_lambda\u00bb'; END$$",
        "DO $$BEGIN EXECUTE ' /**/ \u00abCREATE EXTENSION aws_lambda\u00bb -- now\n; '; END$$",
        "DO $$BEGIN EXECUTE $a$\u00abCREATE EXTENSION aws_lambda\u00bb$a$; END$$",
        "DO $$BEGIN EXECUTE E'\u00abCREATE\\tEXTENSION aws_lambda VERSION \\'1.0\\'\u00bb;'; END$$",
        "DO $$BEGIN EXECUTE '\u00abCREATE EXTENSION aws_lambda\u00bb; SELECT 1;"
            + " \u00abCREATE EXTENSION aws_commons\u00bb'; END$$",
        // Functions and procedures
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN \u00abCREATE EXTENSION"
            + " aws_lambda\u00bb; END$$",
        "CREATE FUNCTION f() RETURNS void AS 'BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END'"
            + " LANGUAGE plpgsql",
        "CREATE OR REPLACE PROCEDURE s.\"p\"(a text DEFAULT 'AS', INOUT b int) LANGUAGE 'plpgsql'"
            + " SET search_path = a, b AS E'BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END'",
        "CREATE FUNCTION stable() RETURNS TABLE (a int, language text) VOLATILE AS $$BEGIN"
            + " \u00abCREATE EXTENSION aws_lambda\u00bb; END$$ LANGUAGE plpgsql COST 10",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$\u00abCREATE EXTENSION"
            + " aws_lambda\u00bb$$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE SQL AS ';\u00abCREATE EXTENSION"
            + " aws_lambda\u00bb;SELECT 1'",
        // One in another
        "DO $a$BEGIN DO $b$BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END$b$; END$a$",
        "DO 'BEGIN DO ''BEGIN \u00abCREATE EXTENSION aws_lambda VERSION ''''1.0''''\u00bb; END'';"
            + " END'",
        "DO $$BEGIN EXECUTE 'DO ''BEGIN \u00abCREATE EXTENSION aws_lambda\u00bb; END'''; END$$",
        "DO $$BEGIN EXECUTE E'DO E\\'BEGIN\\\\n"
            + "\u00abCREATE EXTENSION\\\\n"
            + "aws_lambda VERSION \\\\\\'1.0\\\\\\'\u00bb;END\\''; END$$",
        "DO $$BEGIN CREATE FUNCTION f() RETURNS void LANGUAGE sql AS '\u00abCREATE EXTENSION"
            + " aws_lambda\u00bb'; END$$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $f$DO 'BEGIN \u00abCREATE EXTENSION"
            + " aws_lambda\u00bb; END'$f$",
      })
  void findsTheStatementAsItIsWritten(String marked) {
    List<String> expected =
        MARKED.matcher(marked).results().map((MatchResult match) -> match.group(1)).toList();
    String text = MARKED.matcher(marked).replaceAll("$1");

    assertThat(written(text, true)).isEqualTo(expected).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        STATEMENT,
        "SELECT $$BEGIN CREATE EXTENSION aws_lambda; END$$",
        "DO $$BEGIN CREATE EXTENSION aws_lambda END$$",
        "DO $$BEGIN CREATE EXTENSION dblink; END /* aws_lambda */$$",
        "DO $$BEGIN CREATE EXTENSION aws_lambda FROM '0.9'; END$$",
        "DO $$BEGIN -- CREATE EXTENSION aws_lambda;\n END$$",
        "DO $$BEGIN /*; CREATE EXTENSION aws_lambda;*/ END$$",
        "DO $$BEGIN x := '; CREATE EXTENSION aws_lambda;'; END$$",
        "DO $$BEGIN RAISE NOTICE $a$; CREATE EXTENSION aws_lambda; $a$; END$$",
        "DO $$BEGIN PERFORM 1 CREATE EXTENSION aws_lambda; END$$",
        "DO $$DECLARE create extension aws_lambda; BEGIN END$$",
        "DO $$BEGIN CREATE EXTENSION aws_lambda; x := '; END$$",
        "DO $$BEGIN CREATE EXTENSION aws_lambda; END$$; SELECT (",
        "DO $$BEGIN CREATE EXTENSION aws_lambda; END$$ $$BEGIN END$$",
        "DO LANGUAGE plperl $$BEGIN CREATE EXTENSION aws_lambda; END$$",
        "DO LANGUAGE sql $$CREATE EXTENSION aws_lambda$$",
        "DO LANGUAGE 'PLPGSQL' $$BEGIN CREATE EXTENSION aws_lambda; END$$",
        "DO $$CREATE EXTENSION aws_lambda$$",
        "DO N'BEGIN CREATE EXTENSION aws_lambda; END'",
        "DO U&'BEGIN CREATE EXTENSION aws_lambda; END'",
        "DO E'BEGIN CREATE EXTENSION aws_lambda SCHEMA \"\\u00e9\"; END'",
        "DO $$BEGIN EXECUTE 'CREATE EXTENSION aws_lambda' || x; END$$",
        "DO $$BEGIN EXECUTE 'CREATE EXTENSION aws_lambda' USING x; END$$",
        "DO $$BEGIN EXECUTE format('CREATE EXTENSION aws_lambda'); END$$",
        "EXECUTE 'CREATE EXTENSION aws_lambda'",
        "CREATE FUNCTION f() RETURNS void LANGUAGE c AS 'CREATE EXTENSION aws_lambda'",
        "CREATE FUNCTION f() RETURNS void AS 'CREATE EXTENSION aws_lambda'",
        "CREATE FUNCTION f(a text DEFAULT 'CREATE EXTENSION aws_lambda') RETURNS void LANGUAGE sql"
            + " AS ''",
        "CREATE AGGREGATE f() LANGUAGE sql AS 'CREATE EXTENSION aws_lambda'",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$CREATE EXTENSION aws_lambda; SELECT"
            + " '$$",
        // There PostgreSQL refuses the statement in its own words.
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql STABLE AS $$CREATE EXTENSION aws_lambda$$",
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN CREATE EXTENSION aws_lambda;"
            + " END$$ IMMUTABLE",
        // Our own blocks, and quotes that ours would end.
        "DO $pglambda_do$BEGIN CREATE EXTENSION aws_lambda; END$pglambda_do$",
        "DO $$BEGIN DO $pglambda_do$BEGIN CREATE EXTENSION aws_lambda; END$pglambda_do$; END$$",
        "DO $pglambda$BEGIN CREATE EXTENSION aws_lambda; END$pglambda$",
        "DO $$BEGIN EXECUTE $pglambda_2$CREATE EXTENSION aws_lambda$pglambda_2$; END$$",
      })
  void leavesAllElseToPostgres(String text) {
    assertThat(NestedStatement.find(new SqlText(text, true))).isEmpty();
  }

  @Test
  void readsTheStatementAsPostgresWill() {
    String text =
        "DO E'BEGIN EXECUTE E\\'CREATE\\\\n"
            + " EXTENSION aws_lambda VERSION \\'\\'\\\\x31.0\\'\\'\\'; END'";

    assertThat(NestedStatement.find(new SqlText(text, true)))
        .singleElement()
        .satisfies(
            nested -> {
              assertThat(nested.text()).isEqualTo("CREATE\n EXTENSION aws_lambda VERSION '1.0'");
              assertThat(nested.statement().version()).isEqualTo("1.0");
            });
  }

  @Test
  void readsStringsAsTheSessionDoes() {
    String text = "DO 'BEGIN\\n CREATE EXTENSION aws_lambda VERSION \\'1.0\\'; END'";

    assertThat(written(text, true)).isEmpty();
    assertThat(NestedStatement.find(new SqlText(text, false)))
        .singleElement()
        .satisfies(
            nested -> {
              assertThat(nested.text()).isEqualTo("CREATE EXTENSION aws_lambda VERSION '1.0'");
              assertThat(nested.statement().version()).isEqualTo("1.0");
            });
  }

  @Test
  void leavesVeryDeepNestingToPostgres() {
    String text = STATEMENT;
    for (int depth = 1; depth <= 8; depth++) {
      text = "DO $d%d$BEGIN %s; END$d%d$".formatted(depth, text, depth);
      assertThat(written(text, true)).containsExactly(STATEMENT);
    }

    assertThat(written("DO $x$BEGIN " + text + "; END$x$", true)).isEmpty();
  }

  /** Whatever the quotes: after replacement PostgreSQL reads the body with the other statement. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void replacesNothingButTheStatement(boolean standardConformingStrings) {
    Random random = new Random(40);
    for (int i = 0; i < 5_000; i++) {
      List<Quotes> quotes = new ArrayList<>();
      for (int depth = random.nextInt(4); depth >= 0; depth--) {
        quotes.add(Quotes.random(random, standardConformingStrings));
      }
      String statement = "CREATE EXTENSION/*\\*/\n aws_lambda VERSION '1.0'";
      String value = nested(statement, quotes, random);
      String text = "DO " + value;

      List<NestedStatement> found =
          NestedStatement.find(new SqlText(text, standardConformingStrings));

      assertThat(found).as(text).hasSize(1);
      NestedStatement only = found.get(0);
      assertThat(only.text()).isEqualTo(statement);
      String replaced =
          Replacement.splice(text, List.of(new Replacement(only.start(), only.end(), "SELECT 1")));
      String expected = unquoted(text, quotes.size(), standardConformingStrings);
      assertThat(unquoted(replaced, quotes.size(), standardConformingStrings))
          .as(text)
          .isEqualTo(expected.replace(statement, "SELECT 1"));
    }
  }

  private static String nested(String statement, List<Quotes> quotes, Random random) {
    String body = "BEGIN\n IF '' = 'x' /*\\*/ THEN " + statement + "; END IF; END";
    String value = quotes.get(0).quote(body, random, 0);
    for (int depth = 1; depth < quotes.size(); depth++) {
      value = quotes.get(depth).quote("BEGIN DO " + value + "; END", random, depth);
    }
    return value;
  }

  /** The innermost body, as a reader finds it who takes off one pair of quotes after the other. */
  private static String unquoted(String text, int depth, boolean standardConformingStrings) {
    String value = text;
    for (int i = 0; i < depth; i++) {
      SqlLexer lexer = new SqlText(value, standardConformingStrings).lexer();
      while (!lexer.kind().isStringConstant()) {
        lexer.next();
      }
      value = String.valueOf(lexer.stringValue());
    }
    return value;
  }

  private enum Quotes {
    DOLLAR,
    STANDARD,
    ESCAPES;

    static Quotes random(Random random, boolean standardConformingStrings) {
      Quotes quotes = values()[random.nextInt(values().length)];
      return quotes == STANDARD && !standardConformingStrings ? ESCAPES : quotes;
    }

    String quote(String value, Random random, int depth) {
      return switch (this) {
        case DOLLAR -> "$d" + depth + "$" + value + "$d" + depth + "$";
        case STANDARD -> "'" + value.replace("'", "''") + "'";
        case ESCAPES ->
            "E'"
                + value
                    .replace("\\", random.nextBoolean() ? "\\\\" : "\\134")
                    .replace("'", random.nextBoolean() ? "\\'" : "''")
                    .replace("\n", random.nextBoolean() ? "\n" : "\\n")
                    .replace("T", random.nextBoolean() ? "T" : "\\x54")
                + "'";
      };
    }
  }

  private static List<String> written(String text, boolean standardConformingStrings) {
    return NestedStatement.find(new SqlText(text, standardConformingStrings)).stream()
        .map(nested -> text.substring(nested.start(), nested.end()))
        .toList();
  }

  @Test
  void acceptsAnyText() {
    Random random = new Random(41);
    List<String> pieces =
        List.of(
            "DO ",
            "$$",
            "$a$",
            "'",
            "''",
            "E'",
            "\\",
            "\\n",
            "\\x4",
            "BEGIN ",
            "THEN ",
            ";",
            " ",
            "EXECUTE ",
            "CREATE ",
            "OR REPLACE ",
            "FUNCTION f() ",
            "LANGUAGE ",
            "plpgsql ",
            "sql ",
            "AS ",
            "EXTENSION ",
            "aws_lambda",
            "(",
            ")",
            "--",
            "\n",
            "/*",
            "*/",
            "END",
            "\u00e9",
            "$",
            STATEMENT,
            STATEMENT + ";",
            "DO $$BEGIN " + STATEMENT + ";END$$",
            "U&'",
            "UESCAPE");
    int found = 0;
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int piece = random.nextInt(25); piece >= 0; piece--) {
        text.append(pieces.get(random.nextInt(pieces.size())));
      }
      found += assertSound(text.toString(), random.nextBoolean());
    }
    assertThat(found).isPositive();
  }

  @Test
  void acceptsAnyMutationOfAText() {
    Random random = new Random(42);
    String seed =
        "DO $$BEGIN CREATE EXTENSION aws_lambda; DO E'BEGIN\\n"
            + " CREATE EXTENSION aws_commons VERSION \\'1.2\\'; EXECUTE \\'CREATE EXTENSION"
            + " aws_lambda\\';END'; END$$; CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'CREATE"
            + " EXTENSION aws_lambda;'; CREATE PROCEDURE p() AS $p$BEGIN EXECUTE $e$ALTER EXTENSION"
            + " aws_lambda UPDATE;$e$; END$p$ LANGUAGE plpgsql";
    assertThat(written(seed, true)).hasSize(5);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder(seed);
      for (int change = random.nextInt(4); change >= 0; change--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(3)) {
          case 0 -> text.deleteCharAt(at);
          case 1 -> text.setCharAt(at, "';$\\ )(E\n-\u00ff".charAt(random.nextInt(11)));
          default -> text.insert(at, "';$\\ )(E\n-\u00ff".charAt(random.nextInt(11)));
        }
      }
      assertSound(text.toString(), random.nextBoolean());
    }
  }

  /** Ascending, not overlapping, each of them written with something. */
  private static int assertSound(String text, boolean standardConformingStrings) {
    List<NestedStatement> found = new ArrayList<>();
    assertThatCode(
            () -> found.addAll(NestedStatement.find(new SqlText(text, standardConformingStrings))))
        .as(text)
        .doesNotThrowAnyException();
    int end = 0;
    for (NestedStatement nested : found) {
      assertThat(nested.start()).as(text).isGreaterThanOrEqualTo(end).isLessThan(nested.end());
      assertThat(nested.end()).as(text).isLessThanOrEqualTo(text.length());
      end = nested.end();
    }
    return found.size();
  }

  /** Twice as long a text is read about twice as often; four times as often if it were squared. */
  @Test
  void isNotSlowedDownByLongTexts() {
    assertLinear(
        size ->
            IntStream.range(0, size / 13)
                .mapToObj(i -> "DO $a" + i + "$BEGIN ")
                .collect(joining()));
    assertLinear(
        size -> {
          StringBuilder closed = new StringBuilder(STATEMENT);
          for (int i = 0; i < size / 25; i++) {
            closed.insert(0, "DO $a" + i + "$BEGIN ").append("; END$a").append(i).append('$');
          }
          return closed.toString();
        });
    for (String piece :
        List.of("THEN CREATE ", "BEGIN DO ", "EXECUTE '';", "AS ''", "CREATE EXTENSION (")) {
      assertLinear(size -> "DO $$BEGIN " + piece.repeat(size / piece.length()) + "aws_lambda;$$");
    }
    String many = "DO $$BEGIN " + (STATEMENT + ";").repeat(20_000) + " END$$";
    assertThat(NestedStatement.find(new SqlText(many, true))).hasSize(20_000);
  }

  private static void assertLinear(IntFunction<String> text) {
    int size = 50_000;
    long once = reads(text.apply(size));
    assertThat(once).isPositive();
    assertThat(reads(text.apply(2 * size))).isLessThan(3 * once);
  }

  private static long reads(String text) {
    CountingText counting = new CountingText(text);
    NestedStatement.find(new SqlText(counting, true));
    return counting.reads();
  }
}
