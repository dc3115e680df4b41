package dev.pglambda.sql;

/**
 * The kinds of token of PostgreSQL's lexer (manual, "Lexical Structure"). White space and comments
 * are not tokens: they are what lies between two tokens.
 */
public enum TokenKind {
  /** A key word or unquoted identifier. */
  IDENTIFIER,
  /** {@code "name"}. */
  QUOTED_IDENTIFIER,
  /** {@code U&"name"}, with its {@code UESCAPE 'c'} if there is one. */
  UNICODE_IDENTIFIER,
  /** {@code 'text'}; backslashes are escapes if standard_conforming_strings is off. */
  STRING,
  /** {@code E'text'}. */
  ESCAPE_STRING,
  /** {@code U&'text'}, with its {@code UESCAPE 'c'} if there is one. */
  UNICODE_STRING,
  /** {@code $tag$text$tag$}. */
  DOLLAR_STRING,
  /** {@code N'text'}: to PostgreSQL the key word NCHAR and a string. */
  NATIONAL_STRING,
  /** {@code B'01'}. */
  BIT_STRING,
  /** {@code X'1F'}. */
  HEX_STRING,
  /** {@code 42}, {@code 4.2}, {@code .5e-3}, {@code 0x1F}, {@code 1_000}. */
  NUMBER,
  /** {@code $1}. */
  PARAMETER,
  /** An operator of one or more characters. */
  OPERATOR,
  /** {@code =>}. */
  EQUALS_GREATER,
  /** {@code :=}. */
  COLON_EQUALS,
  /** {@code ::}. */
  TYPECAST,
  /** {@code ..}. */
  DOT_DOT,
  /** One of {@code , ( ) [ ] . ; :}. */
  PUNCTUATION,
  /** A single character that no rule knows; the grammar never accepts it. */
  OTHER,
  /**
   * What PostgreSQL's lexer refuses: a string, quoted identifier or comment without its end.
   * Reaches to the end of the text.
   */
  ERROR,
  /** The end of the text. */
  END;

  /** Whether the grammar takes this as a name (a key word may still be reserved). */
  public boolean isIdentifier() {
    return this == IDENTIFIER || this == QUOTED_IDENTIFIER || this == UNICODE_IDENTIFIER;
  }

  /**
   * Whether the grammar takes this as a string constant ({@code Sconst}): not so {@code N''},
   * {@code B''} and {@code X''}.
   */
  public boolean isStringConstant() {
    return this == STRING
        || this == ESCAPE_STRING
        || this == UNICODE_STRING
        || this == DOLLAR_STRING;
  }
}
