package dev.pglambda.sql;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a text into the statements that PostgreSQL's grammar sees in it (gram.y, {@code
 * stmtmulti}). A semicolon ends a statement unless it stands in parentheses (the actions of {@code
 * CREATE RULE}) or in the {@code BEGIN ATOMIC .. END} body of a function or procedure. Empty
 * statements are left out: PostgreSQL answers them with nothing.
 *
 * <p>A text that PostgreSQL would refuse is split in some way; since nothing of it is executed, how
 * does not matter.
 */
final class StatementSplitter {
  private final SqlLexer lexer;
  private final List<Statement> statements = new ArrayList<>();

  private int statementStart = -1;
  private int statementEnd;
  private int parentheses;
  private boolean broken;

  /** How many bodies are open. */
  private int bodies;

  /** Whether a statement, or one of a body, begins at the cursor. */
  private boolean begins = true;

  /** Whether it creates a routine: only those have bodies. */
  private boolean isRoutine;

  private boolean behindBegin;

  private StatementSplitter(SqlLexer lexer) {
    this.lexer = lexer;
  }

  /** The statements that are not empty, in order, from a cursor before the first token. */
  static List<Statement> split(SqlLexer lexer) {
    StatementSplitter splitter = new StatementSplitter(lexer);
    while (splitter.lexer.next() != TokenKind.END) {
      splitter.accept();
    }
    splitter.endStatement();
    return List.copyOf(splitter.statements);
  }

  private void accept() {
    if (lexer.is(';') && parentheses == 0 && bodies == 0) {
      endStatement();
      return;
    }
    if (statementStart < 0) {
      statementStart = lexer.start();
    }
    statementEnd = lexer.end();
    broken |= lexer.kind() == TokenKind.ERROR;
    if (lexer.is('(')) {
      parentheses++;
    } else if (lexer.is(')')) {
      parentheses = Math.max(0, parentheses - 1);
    }
    if (parentheses == 0) {
      trackBodies();
    }
  }

  private void endStatement() {
    if (statementStart >= 0) {
      boolean complete = !broken && parentheses == 0 && bodies == 0;
      statements.add(new Statement(statementStart, statementEnd, complete));
    }
    statementStart = -1;
    begins = true;
  }

  /**
   * Every statement in a body ends with a semicolon, and none starts with END: so the END of the
   * body is the one that stands where a statement would start. (END is also allowed within a
   * statement, as a label or the end of a CASE.)
   */
  private void trackBodies() {
    if (begins) {
      SqlLexer head = lexer.fromHere();
      head.next();
      isRoutine = isRoutine(head);
      if (bodies > 0 && lexer.isKeyword("end")) {
        bodies--;
      }
    }
    boolean bodyBegins = isRoutine && behindBegin && lexer.isKeyword("atomic");
    if (bodyBegins) {
      bodies++;
    }
    begins = bodyBegins || lexer.is(';');
    behindBegin = lexer.isKeyword("begin");
  }

  /**
   * Whether a statement, at its first token, is CREATE [OR REPLACE] FUNCTION or PROCEDURE; the
   * cursor is moved to the last of these words.
   */
  static boolean isRoutine(SqlLexer lexer) {
    if (!lexer.isKeyword("create")) {
      return false;
    }
    lexer.next();
    if (lexer.isKeyword("or")) {
      lexer.next();
      if (!lexer.isKeyword("replace")) {
        return false;
      }
      lexer.next();
    }
    return lexer.isKeyword("function") || lexer.isKeyword("procedure");
  }
}
