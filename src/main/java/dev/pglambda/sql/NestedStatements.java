package dev.pglambda.sql;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the statements of {@link ExtensionStatements} in string constants that PostgreSQL is going
 * to execute:
 *
 * <ul>
 *   <li>the body of a {@code DO} block in plpgsql;
 *   <li>the body of a function or procedure that is created, in plpgsql or SQL;
 *   <li>within a body in plpgsql, also the constant of an {@code EXECUTE} which has nothing but a
 *       constant;
 * </ul>
 *
 * and in any of these within any of these. In plpgsql a statement starts after {@code BEGIN},
 * {@code THEN}, {@code ELSE}, {@code LOOP} or a semicolon (PL/pgSQL's pl_scanner.c, {@code
 * AT_STMT_START}) and ends at a semicolon. The cost is linear in the length of the text.
 */
public final class NestedStatements {
  /** Bodies in bodies deeper than this are left to PostgreSQL, so that the cost is linear. */
  private static final int MAX_DEPTH = 8;

  private final boolean standardConformingStrings;
  private final List<NestedStatement> found = new ArrayList<>();
  private int depth;

  private NestedStatements(boolean standardConformingStrings) {
    this.standardConformingStrings = standardConformingStrings;
  }

  /**
   * Finds the statements within the string constants of a text; those at its top level are not
   * among them.
   *
   * @param text SQL text, one {@code char} per byte
   * @param standardConformingStrings the session's standard_conforming_strings
   * @return the recognised statements in order, none overlapping another; what PostgreSQL would
   *     answer with a syntax error has none
   */
  public static List<NestedStatement> find(String text, boolean standardConformingStrings) {
    NestedStatements nested = new NestedStatements(standardConformingStrings);
    nested.sql(SourceText.of(text));
    return List.copyOf(nested.found);
  }

  /** Looks through statements of SQL. */
  private void sql(SourceText source) {
    List<Statement> statements = StatementSplitter.split(source.text(), standardConformingStrings);
    if (statements.isEmpty() || !statements.get(statements.size() - 1).complete()) {
      return;
    }
    for (Statement statement : statements) {
      statement(source, statement, statement.end(), false);
    }
  }

  /** Looks through a body in plpgsql. */
  private void plpgsql(SourceText source) {
    int before = found.size();
    SqlLexer lexer = new SqlLexer(source.text(), standardConformingStrings);
    int start = -1;
    int end = 0;
    boolean startsNext = false;
    while (lexer.next() != TokenKind.END) {
      if (lexer.kind() == TokenKind.ERROR) {
        found.subList(before, found.size()).clear();
        return;
      }
      if (lexer.is(';')) {
        if (start >= 0) {
          int written = trimmed(source.text(), lexer.start());
          statement(source, new Statement(start, end, true), written, true);
        }
        start = -1;
        startsNext = true;
      } else if (endsBeforeStatement(lexer)) {
        start = -1;
        startsNext = true;
      } else {
        start = startsNext ? lexer.start() : start;
        end = lexer.end();
        startsNext = false;
      }
    }
  }

  /** To PL/pgSQL a comment behind a statement belongs to it, but not white space behind that. */
  private static int trimmed(String text, int end) {
    int at = end;
    while (Characters.isSpace(text.charAt(at - 1))) {
      at--;
    }
    return at;
  }

  private static boolean endsBeforeStatement(SqlLexer lexer) {
    return lexer.isKeyword("begin")
        || lexer.isKeyword("then")
        || lexer.isKeyword("else")
        || lexer.isKeyword("loop");
  }

  /**
   * Looks at one statement.
   *
   * @param writtenEnd offset just past all that PostgreSQL shows as the statement
   */
  private void statement(SourceText source, Statement statement, int writtenEnd, boolean plpgsql) {
    SqlLexer lexer =
        new SqlLexer(source.text(), statement.start(), statement.end(), standardConformingStrings);
    lexer.next();
    if (lexer.isKeyword("do")) {
      doBlock(source, lexer);
    } else if (plpgsql && lexer.isKeyword("execute")) {
      execute(source, lexer);
    } else if (!(lexer.isKeyword("create") && routine(source, lexer)) && source.isNested()) {
      extension(source, statement, writtenEnd);
    }
  }

  private void extension(SourceText source, Statement statement, int writtenEnd) {
    ExtensionStatement recognised =
        ExtensionStatements.recognise(source.text(), 0, statement, standardConformingStrings);
    if (recognised == null) {
      return;
    }
    String text = source.text().substring(statement.start(), statement.end());
    if (text.indexOf(LiteralDecoder.UNKNOWN) < 0) {
      found.add(
          new NestedStatement(
              recognised, text, source.start(statement.start()), source.end(writtenEnd)));
    }
  }

  /** {@code DoStmt} of gram.y; plpgsql is the only language of PostgreSQL's own that has it. */
  private void doBlock(SourceText source, SqlLexer lexer) {
    String language = "plpgsql";
    SourceText body = null;
    while (lexer.next() != TokenKind.END) {
      if (lexer.isKeyword("language")) {
        lexer.next();
        language = name(lexer);
      } else if (body == null) {
        body = source.constant(lexer, standardConformingStrings);
        if (body == null) {
          return;
        }
      } else {
        return;
      }
    }
    if ("plpgsql".equals(language)) {
      body(body, true);
    }
  }

  /** {@code EXECUTE '..'} of plpgsql, without INTO and USING. */
  private void execute(SourceText source, SqlLexer lexer) {
    lexer.next();
    SourceText constant = source.constant(lexer, standardConformingStrings);
    if (lexer.next() == TokenKind.END) {
      body(constant, false);
    }
  }

  /**
   * {@code CreateFunctionStmt} of gram.y, the cursor being at CREATE.
   *
   * @return whether the statement creates a function or procedure
   */
  private boolean routine(SourceText source, SqlLexer lexer) {
    lexer.next();
    if (lexer.isKeyword("or")) {
      lexer.next();
      lexer.next();
    }
    if (!lexer.isKeyword("function") && !lexer.isKeyword("procedure")) {
      return false;
    }
    while (!lexer.is('(') && lexer.kind() != TokenKind.END) {
      lexer.next();
    }
    routineOptions(source, lexer);
    return true;
  }

  /** Looks at what follows the name, the cursor being at the parenthesis. */
  private void routineOptions(SourceText source, SqlLexer lexer) {
    String language = null;
    SourceText body = null;
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
        body = source.constant(lexer, standardConformingStrings);
      } else if (parentheses == 0 && (lexer.isKeyword("stable") || lexer.isKeyword("immutable"))) {
        // PostgreSQL refuses the statement there, and says which one it is.
        return;
      }
    }
    if ("plpgsql".equals(language) || "sql".equals(language)) {
      body(body, "plpgsql".equals(language));
    }
  }

  private void body(@Nullable SourceText body, boolean plpgsql) {
    if (body == null || depth == MAX_DEPTH) {
      return;
    }
    depth++;
    if (plpgsql) {
      plpgsql(body);
    } else {
      sql(body);
    }
    depth--;
  }

  /** The value of {@code NonReservedWord_or_Sconst}; null if it is neither. */
  private static @Nullable String name(SqlLexer lexer) {
    return lexer.kind().isStringConstant() ? lexer.stringValue() : lexer.identifier();
  }
}
