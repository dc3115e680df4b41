package dev.pglambda.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the string constants of a text that PostgreSQL is going to execute:
 *
 * <ul>
 *   <li>the body of a {@code DO} block in plpgsql;
 *   <li>the body of a function or procedure that is created, in plpgsql or SQL;
 *   <li>within a body in plpgsql, also the constant of an {@code EXECUTE};
 * </ul>
 *
 * and any of these within any of these. In plpgsql a statement starts after {@code BEGIN}, {@code
 * THEN}, {@code ELSE}, {@code LOOP} or a semicolon (PL/pgSQL's pl_scanner.c, {@code AT_STMT_START})
 * and ends at a semicolon. The cost is linear in the length of the text.
 */
final class NestedBodies {
  /** Bodies in bodies deeper than this are left to PostgreSQL, so that the cost is linear. */
  private static final int MAX_DEPTH = 8;

  /** In plpgsql a statement may begin behind these. */
  private static final Set<String> BEFORE_STATEMENT = Set.of("begin", "then", "else", "loop");

  private final List<Body> found = new ArrayList<>();
  private int depth;

  /** Whether PostgreSQL would refuse statements here that change something. */
  private boolean readOnly;

  private NestedBodies() {}

  /**
   * A text that PostgreSQL is going to execute.
   *
   * @param source the text
   * @param plpgsql whether it is in plpgsql, not in SQL
   * @param statements its statements that may change something, but for those that have bodies of
   *     their own
   */
  record Body(MappedText source, boolean plpgsql, List<BodyStatement> statements) {}

  /** A statement of a body; up to {@code writtenEnd} PostgreSQL shows it. */
  record BodyStatement(Statement statement, int writtenEnd) {}

  /**
   * The bodies in a text that mention the extensions and that PostgreSQL would not answer with a
   * syntax error.
   */
  static List<Body> find(SqlText text) {
    NestedBodies bodies = new NestedBodies();
    bodies.sql(MappedText.of(text));
    return bodies.found;
  }

  /** Looks through statements of SQL. */
  private void sql(MappedText source) {
    if (source.text().isComplete()) {
      body(
          source,
          source.text().statements().stream()
              .map(statement -> new BodyStatement(statement, statement.end()))
              .toList(),
          false);
    }
  }

  /** Looks through a body in plpgsql. */
  private void plpgsql(MappedText source) {
    List<BodyStatement> statements = new ArrayList<>();
    SqlLexer lexer = source.text().lexer();
    int start = -1;
    int end = 0;
    boolean startsNext = false;
    while (lexer.next() != TokenKind.END) {
      if (lexer.kind() == TokenKind.ERROR) {
        return;
      }
      if (lexer.is(';')) {
        if (start >= 0) {
          int written = trimmed(source.text(), lexer.start());
          statements.add(new BodyStatement(new Statement(start, end, true), written));
        }
        start = -1;
        startsNext = true;
      } else if (lexer.isKeyword(BEFORE_STATEMENT)) {
        start = -1;
        startsNext = true;
      } else {
        start = startsNext ? lexer.start() : start;
        end = lexer.end();
        startsNext = false;
      }
    }
    body(source, statements, true);
  }

  /** To PL/pgSQL a comment behind a statement belongs to it, but not white space behind that. */
  private static int trimmed(SqlText text, int end) {
    int at = end;
    while (SqlCharacters.isSpace(text.charAt(at - 1))) {
      at--;
    }
    return at;
  }

  private void body(MappedText source, List<BodyStatement> statements, boolean plpgsql) {
    List<BodyStatement> plain = new ArrayList<>();
    for (BodyStatement each : statements) {
      if (!hasBody(source, each.statement(), plpgsql) && !readOnly) {
        plain.add(each);
      }
    }
    if (source.isNested()) {
      found.add(new Body(source, plpgsql, plain));
    }
  }

  /** Looks into a statement that has a body. */
  private boolean hasBody(MappedText source, Statement statement, boolean plpgsql) {
    SqlLexer lexer = source.text().lexer(statement);
    lexer.next();
    if (lexer.isKeyword("do")) {
      doBlock(source, lexer);
      return true;
    }
    if (plpgsql && lexer.isKeyword("execute")) {
      execute(source, lexer);
      return true;
    }
    if (StatementSplitter.isRoutine(lexer)) {
      routine(source, lexer);
      return true;
    }
    return false;
  }

  /** {@code DoStmt} of gram.y; plpgsql is the only language of PostgreSQL's own that has it. */
  private void doBlock(MappedText source, SqlLexer lexer) {
    String language = "plpgsql";
    MappedText body = null;
    while (lexer.next() != TokenKind.END) {
      if (lexer.isKeyword("language")) {
        lexer.next();
        language = name(lexer);
      } else if (body == null) {
        body = source.constant(lexer);
        if (body == null) {
          return;
        }
      } else {
        return;
      }
    }
    if ("plpgsql".equals(language)) {
      constant(body, true, readOnly);
    }
  }

  /** {@code EXECUTE '..'} of plpgsql; a statement of ours has nothing behind it. */
  private void execute(MappedText source, SqlLexer lexer) {
    lexer.next();
    MappedText constant = source.constant(lexer);
    boolean alone = lexer.next() == TokenKind.END;
    if (alone || lexer.isKeyword("into") || lexer.isKeyword("using")) {
      constant(constant, false, readOnly || !alone);
    }
  }

  /** {@code CreateFunctionStmt} of gram.y, the cursor being before the name. */
  private void routine(MappedText source, SqlLexer lexer) {
    while (!lexer.is('(') && lexer.kind() != TokenKind.END) {
      lexer.next();
    }
    String language = null;
    MappedText body = null;
    boolean bodyReadOnly = readOnly;
    int parentheses = 0;
    for (; lexer.kind() != TokenKind.END; lexer.next()) {
      if (lexer.is('(')) {
        parentheses++;
      } else if (lexer.is(')')) {
        parentheses--;
      } else if (parentheses == 0 && lexer.isKeyword("language")) {
        lexer.next();
        language = name(lexer);
      } else if (parentheses == 0 && lexer.isKeyword("as")) {
        lexer.next();
        body = source.constant(lexer);
      } else if (parentheses == 0 && (lexer.isKeyword("stable") || lexer.isKeyword("immutable"))) {
        // PostgreSQL refuses a statement there, and says which one it is.
        bodyReadOnly = true;
      }
    }
    if ("plpgsql".equals(language) || "sql".equals(language)) {
      constant(body, "plpgsql".equals(language), bodyReadOnly);
    }
  }

  private void constant(@Nullable MappedText body, boolean plpgsql, boolean bodyReadOnly) {
    if (body == null || depth == MAX_DEPTH) {
      return;
    }
    boolean outerReadOnly = readOnly;
    readOnly = bodyReadOnly;
    depth++;
    if (plpgsql) {
      plpgsql(body);
    } else {
      sql(body);
    }
    depth--;
    readOnly = outerReadOnly;
  }

  /** The value of {@code NonReservedWord_or_Sconst}; null if it is neither. */
  private static @Nullable String name(SqlLexer lexer) {
    return lexer.kind().isStringConstant() ? lexer.stringValue() : lexer.identifier();
  }
}
