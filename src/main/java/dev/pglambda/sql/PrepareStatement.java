package dev.pglambda.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A {@code PREPARE name (types) AS ..} in a text: its parameters have the types that it lists, and
 * those beyond the list are of unknown type (manual, "PREPARE").
 *
 * @param start offset of its key word
 * @param end offset just past its last token
 * @param textParameters for each type of the list, whether it is that of a text, or unknown
 */
record PrepareStatement(int start, int end, List<Boolean> textParameters) {
  private static final Pattern TEXT_TYPE =
      Pattern.compile(
          "((pg_catalog \\. )?(text|unknown|varchar)|(national )?char(acter)? varying|nchar"
              + " varying)( \\( \\d+ \\))?");

  /** Whether a parameter of it, counted from 1, has no type or that of a text. */
  boolean isText(int number) {
    return number > textParameters.size() || (number > 0 && textParameters.get(number - 1));
  }

  /**
   * Finds the statements, in order, at the top level of a text or of a body in plpgsql: nowhere
   * else are their key words in the same sequence.
   */
  static List<PrepareStatement> find(SqlText text) {
    List<PrepareStatement> found = new ArrayList<>();
    SqlLexer lexer = text.lexer();
    lexer.next();
    while (lexer.kind() != TokenKind.END) {
      if (lexer.isKeyword("prepare")) {
        int start = lexer.start();
        List<Boolean> textParameters = new ArrayList<>();
        if (readHead(lexer, textParameters)) {
          found.add(new PrepareStatement(start, skipStatement(lexer), textParameters));
        }
      } else {
        lexer.next();
      }
    }
    return found;
  }

  /** Reads up to AS, or up to what should not be there. */
  private static boolean readHead(SqlLexer lexer, List<Boolean> textParameters) {
    lexer.next();
    if (!lexer.kind().isIdentifier()) {
      return false;
    }
    lexer.next();
    if (lexer.is('(')) {
      readTypes(lexer, textParameters);
    }
    return lexer.isKeyword("as");
  }

  private static void readTypes(SqlLexer lexer, List<Boolean> textParameters) {
    StringBuilder type = new StringBuilder();
    int parentheses = 1;
    while (parentheses > 0 && lexer.next() != TokenKind.END) {
      parentheses += lexer.is('(') ? 1 : lexer.is(')') ? -1 : 0;
      if (parentheses == 0 || (parentheses == 1 && lexer.is(','))) {
        textParameters.add(TEXT_TYPE.matcher(type.toString().strip()).matches());
        type.setLength(0);
      } else {
        String name = lexer.identifier();
        type.append(name == null ? lexer.text() : name).append(' ');
      }
    }
    lexer.next();
  }

  private static int skipStatement(SqlLexer lexer) {
    int end = lexer.end();
    while (lexer.next() != TokenKind.END && !lexer.is(';')) {
      end = lexer.end();
    }
    return end;
  }
}
