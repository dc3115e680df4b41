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
  private int bodies;
  private boolean broken;
  private Routine routine = Routine.START;

  private StatementSplitter(SqlLexer lexer) {
    this.lexer = lexer;
  }

  /** The statements that are not empty, in order. */
  static List<Statement> split(SqlLexer lexer) {
    StatementSplitter splitter = new StatementSplitter(lexer);
    while (lexer.next() != TokenKind.END) {
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
    routine = Routine.START;
  }

  /**
   * Every statement in a body ends with a semicolon, and none starts with END: so the END of the
   * body is the one that stands where a statement would start. (END is also allowed within a
   * statement, as a label or the end of a CASE.)
   */
  private void trackBodies() {
    if (bodies > 0 && routine == Routine.START && lexer.isKeyword("end")) {
      bodies--;
      routine = Routine.NONE;
    } else if (lexer.is(';')) {
      routine = Routine.START;
    } else if (routine == Routine.BEGIN && lexer.isKeyword("atomic")) {
      bodies++;
      routine = Routine.START;
    } else {
      routine = routine.next(lexer);
    }
  }

  /** How far a statement has gone towards a BEGIN ATOMIC body, which only a routine has. */
  private enum Routine {
    /** Where a statement starts. */
    START,
    /** After CREATE. */
    CREATE,
    /** After CREATE OR. */
    OR,
    /** After CREATE OR REPLACE. */
    REPLACE,
    /** In CREATE FUNCTION or CREATE PROCEDURE. */
    ROUTINE,
    /** The same, after the word BEGIN. */
    BEGIN,
    /** In any other statement. */
    NONE;

    Routine next(SqlLexer lexer) {
      return switch (this) {
        case START -> lexer.isKeyword("create") ? CREATE : NONE;
        case CREATE -> lexer.isKeyword("or") ? OR : routine(lexer);
        case OR -> lexer.isKeyword("replace") ? REPLACE : NONE;
        case REPLACE -> routine(lexer);
        case ROUTINE, BEGIN -> lexer.isKeyword("begin") ? BEGIN : ROUTINE;
        case NONE -> NONE;
      };
    }

    private static Routine routine(SqlLexer lexer) {
      return lexer.isKeyword("function") || lexer.isKeyword("procedure") ? ROUTINE : NONE;
    }
  }
}
