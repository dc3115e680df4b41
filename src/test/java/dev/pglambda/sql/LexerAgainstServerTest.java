package dev.pglambda.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sends generated texts to servers of each version, and compares what they say of them with what
 * the lexer says: the values of literals, the number of statements, where an error stands, and what
 * has no end.
 */
class LexerAgainstServerTest {
  private static final int TEXTS = 1_500;
  private static final List<String> PIECES =
      List.of(
          "'",
          "''",
          "\"",
          "\\",
          "\\\\",
          "\\'",
          "E'",
          "e'",
          "U&'",
          "u&\"",
          "N'",
          "B'01'",
          "x'1F'",
          "$$",
          "$a$",
          "$",
          "$1",
          "--",
          "--x\n",
          "/*",
          "*/",
          "/**/",
          "\n",
          "\r",
          " ",
          "\t",
          "\f",
          ";",
          "(",
          ")",
          "[",
          "]",
          ",",
          "::",
          ":=",
          "=>",
          "..",
          ".",
          ":",
          "1",
          "1.5",
          ".5",
          "1e",
          "1e5",
          "_",
          "+",
          "-",
          "*",
          "/",
          "@",
          "<",
          ">",
          "=",
          "!",
          "#",
          "|",
          "~",
          " UESCAPE '!'",
          "a",
          "b ",
          "\u00e9",
          "text",
          " AS ",
          "\n'x'",
          " --\n'y'",
          "{");
  private static final List<String> IN_LITERALS =
      List.of(
          "a",
          "1",
          "''",
          "\\\\",
          "\\n",
          "\\t",
          "\\x41",
          "\\101",
          "\\u0041",
          "\\'",
          "!0041",
          "\\0041",
          "\\+000041",
          "!!",
          "$",
          "\"",
          "--",
          "/*",
          " ",
          "\n",
          "'\n'",
          "' --x\n '",
          "\u00e9");

  /** The last ones are for PostgreSQL 14 and newer. */
  private static final List<String> STATEMENTS =
      List.of(
          "SELECT ';' AS begin",
          "SELECT CASE WHEN true THEN 1 END",
          "SELECT begin, atomic FROM (SELECT 1, 2) AS x (begin, atomic)",
          "CREATE OR REPLACE RULE r AS ON INSERT TO t DO ALSO (NOTIFY a; NOTIFY b;)",
          "CREATE OR REPLACE RULE r AS ON INSERT TO t DO ALSO (;;NOTIFY a;/*;*/;)",
          "DO $$ BEGIN PERFORM 1; END $$",
          "CREATE OR REPLACE FUNCTION pg_temp.begin(atomic int) RETURNS int LANGUAGE sql AS 'SELECT"
              + " 1;'",
          "CREATE OR REPLACE PROCEDURE pg_temp.p() LANGUAGE sql AS $$ SELECT 1; $$",
          "PREPARE s AS SELECT 1; DEALLOCATE s",
          "SELECT 1 end; SELECT 2 case",
          "CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
          "CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS int BEGIN ATOMIC; SELECT 1 end; ;END",
          "CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS int RETURN 1",
          "create or replace procedure pg_temp.q() begin/**/atomic select begin atomic from (select"
              + " 1) as x (begin); select case 1 when 1 then 2 end; end",
          "CREATE OR REPLACE PROCEDURE pg_temp.e() BEGIN ATOMIC END");

  /** How many of them older versions know, too. */
  private static final int OLD_STATEMENTS = 9;

  private static final List<String> SEPARATORS = List.of(";", ";;", " ; -- ;\n;", "/*;*/;\n");

  @ParameterizedTest
  @MethodSource("versionsAndSettings")
  void readsLiteralsAsTheServerDoes(String version, boolean standardConformingStrings)
      throws Exception {
    Random random = new Random(40);
    int compared = 0;
    try (WireClient client = session(version, standardConformingStrings)) {
      for (int i = 0; i < TEXTS; i++) {
        String literal = literal(random);
        SqlLexer lexer = new SqlText(literal, standardConformingStrings).lexer();
        lexer.next();
        String value = lexer.stringValue();
        if (value == null || lexer.end() != literal.length()) {
          continue;
        }
        String sql = "SELECT " + literal + " AS a";
        List<BackendMessage> answer = client.query(sql).readUntilReady();
        assertThat(answer.stream().filter(DataRow.class::isInstance))
            .as(sql + answer)
            .singleElement()
            .satisfies(row -> assertThat(((DataRow) row).text(0)).as(sql).isEqualTo(value));
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(TEXTS / 5);
  }

  @ParameterizedTest
  @MethodSource("versionsAndSettings")
  void findsTokensWhereTheServerDoes(String version, boolean standardConformingStrings)
      throws Exception {
    Random random = new Random(41);
    try (WireClient client = session(version, standardConformingStrings)) {
      for (int i = 0; i < TEXTS; i++) {
        String sql = soup(random);
        List<BackendMessage> answer = client.query(sql).readUntilReady();
        compare(sql, standardConformingStrings, answer);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.pglambda.testing.PostgresServer#versions")
  void countsStatementsAsTheServerDoes(String version) throws Exception {
    int known = Integer.parseInt(version) < 14 ? OLD_STATEMENTS : STATEMENTS.size();
    Random random = new Random(42);
    try (WireClient client = session(version, true)) {
      for (int i = 0; i < 300; i++) {
        StringBuilder sql = new StringBuilder("CREATE TEMP TABLE t (a int);");
        for (int parts = random.nextInt(8); parts > 0; parts--) {
          sql.append(STATEMENTS.get(random.nextInt(known)));
          sql.append(SEPARATORS.get(random.nextInt(SEPARATORS.size())));
        }
        sql.append("DROP TABLE t CASCADE");
        List<BackendMessage> answer = client.query(sql.toString()).readUntilReady();

        assertThat(answer).as(sql.toString()).noneMatch(ErrorResponse.class::isInstance);
        long completed = answer.stream().filter(CommandComplete.class::isInstance).count();
        assertThat(new SqlText(sql.toString(), true).statements()).hasSize((int) completed);
      }
    }
  }

  private static void compare(
      String sql, boolean standardConformingStrings, List<BackendMessage> answer) {
    Set<Integer> starts = new HashSet<>();
    SqlLexer lexer = new SqlText(sql, standardConformingStrings).lexer();
    int unterminated = -1;
    while (lexer.next() != TokenKind.END) {
      // To PostgreSQL the string begins behind the N.
      int start = lexer.text().matches("(?s)[nN]'.*") ? lexer.start() + 1 : lexer.start();
      starts.addAll(List.of(lexer.start(), start));
      unterminated = lexer.kind() == TokenKind.ERROR ? start : -1;
    }
    for (BackendMessage message : answer) {
      if (message instanceof ErrorResponse error) {
        compareError(sql, starts, unterminated, error);
        return;
      }
    }
    long completed = answer.stream().filter(CommandComplete.class::isInstance).count();
    assertThat(new SqlText(sql, standardConformingStrings).statements())
        .as(sql)
        .hasSize((int) completed);
  }

  private static void compareError(
      String sql, Set<Integer> starts, int unterminated, ErrorResponse error) {
    String message = String.valueOf(error.message());
    String position = error.fields().get(ErrorFields.POSITION);
    if (position == null || message.contains("Unicode escape") || message.contains("junk")) {
      // These point into a token, or are of a version that is stricter than the oldest.
      return;
    }
    int at = Integer.parseInt(position) - 1;
    if (message.startsWith("unterminated") || message.startsWith("unsafe use of string")) {
      assertThat(unterminated).as(sql + "\n" + error).isEqualTo(at);
    } else if (!message.endsWith("at end of input")) {
      assertThat(starts).as(sql + "\n" + error).contains(at);
    }
  }

  static Stream<Arguments> versionsAndSettings() {
    return PostgresServer.versions().stream()
        .flatMap(version -> Stream.of(true, false).map(on -> Arguments.of(version, on)));
  }

  private static WireClient session(String version, boolean standardConformingStrings)
      throws IOException {
    PostgresServer server = PostgresServer.of(version);
    WireClient client =
        WireClient.connect(server.host(), server.port(), server.user(), "postgres", null);
    client.query(
        "SET standard_conforming_strings = "
            + (standardConformingStrings ? "on" : "off")
            + "; SET escape_string_warning = off");
    client.readUntilReady();
    return client;
  }

  private static String literal(Random random) {
    StringBuilder body = new StringBuilder();
    for (int parts = random.nextInt(6); parts > 0; parts--) {
      body.append(IN_LITERALS.get(random.nextInt(IN_LITERALS.size())));
    }
    return switch (random.nextInt(6)) {
      case 0 -> "'" + body + "'";
      case 1 -> "E'" + body + "'";
      case 2 -> "U&'" + body + "'";
      case 3 -> "U&'" + body + "' UESCAPE '!'";
      case 4 -> "$$" + body + "$$";
      default -> "$a$" + body + "$a$";
    };
  }

  private static String soup(Random random) {
    StringBuilder sql = new StringBuilder("SELECT 1 ");
    for (int parts = random.nextInt(12); parts > 0; parts--) {
      sql.append(PIECES.get(random.nextInt(PIECES.size())));
      if (random.nextInt(3) == 0) {
        sql.append(random.nextBoolean() ? " 1 " : "+");
      }
      if (random.nextInt(8) == 0) {
        sql.append("; SELECT 'a' ");
      }
    }
    return sql.toString();
  }
}
