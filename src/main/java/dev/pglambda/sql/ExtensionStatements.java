package dev.pglambda.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Recognises the statements on {@code aws_commons} and {@code aws_lambda} that need a control file.
 * Only what PostgreSQL's grammar accepts (gram.y, {@code CreateExtensionStmt} and {@code
 * AlterExtensionStmt}) and PostgreSQL would execute is recognised; all else is left for PostgreSQL
 * to answer, in particular repeated options, and {@code FROM version}, which PostgreSQL refuses
 * since 13.
 */
public final class ExtensionStatements {
  private static final Set<String> EXTENSIONS = Set.of("aws_commons", "aws_lambda");

  private final SqlLexer lexer;
  private final int statementIndex;
  private final Statement statement;

  private boolean ifNotExists;
  private @Nullable String schema;
  private @Nullable String version;
  private boolean cascade;

  private ExtensionStatements(SqlLexer lexer, int statementIndex, Statement statement) {
    this.lexer = lexer;
    this.statementIndex = statementIndex;
    this.statement = statement;
  }

  /**
   * Finds the statements at the top level of a text.
   *
   * @param text SQL text, one {@code char} per byte
   * @param standardConformingStrings the session's standard_conforming_strings
   * @return the recognised statements in order; empty if the text ends within a statement, because
   *     PostgreSQL then executes nothing of it
   */
  public static List<ExtensionStatement> find(String text, boolean standardConformingStrings) {
    List<Statement> statements = StatementSplitter.split(text, standardConformingStrings);
    if (statements.isEmpty() || !statements.get(statements.size() - 1).complete()) {
      return List.of();
    }
    List<ExtensionStatement> found = new ArrayList<>();
    for (int index = 0; index < statements.size(); index++) {
      Statement statement = statements.get(index);
      ExtensionStatement recognised = recognise(text, index, statement, standardConformingStrings);
      if (recognised != null) {
        found.add(recognised);
      }
    }
    return List.copyOf(found);
  }

  /**
   * Recognises one statement.
   *
   * @param statementIndex which statement of the text it is
   * @return null if it is another one
   */
  static @Nullable ExtensionStatement recognise(
      String text, int statementIndex, Statement statement, boolean standardConformingStrings) {
    SqlLexer lexer =
        new SqlLexer(text, statement.start(), statement.end(), standardConformingStrings);
    return new ExtensionStatements(lexer, statementIndex, statement).recognise();
  }

  private @Nullable ExtensionStatement recognise() {
    lexer.next();
    boolean create = lexer.isKeyword("create");
    if (!create && !lexer.isKeyword("alter")) {
      return null;
    }
    lexer.next();
    if (!take("extension")) {
      return null;
    }
    // Followed by NOT, IF can only be the beginning of IF NOT EXISTS, not a name.
    if (create && take("if")) {
      if (!take("not") || !take("exists")) {
        return null;
      }
      ifNotExists = true;
    }
    String extension = lexer.identifier();
    if (extension == null || !EXTENSIONS.contains(extension)) {
      return null;
    }
    lexer.next();
    if (!(create ? createOptions() : updateOptions()) || lexer.kind() != TokenKind.END) {
      return null;
    }
    return new ExtensionStatement(
        create ? ExtensionStatement.Kind.CREATE : ExtensionStatement.Kind.ALTER_UPDATE,
        extension,
        ifNotExists,
        schema,
        version,
        cascade,
        statementIndex,
        statement.start(),
        statement.end());
  }

  private boolean createOptions() {
    if (lexer.isKeyword("with")) {
      lexer.next();
    }
    while (lexer.kind() != TokenKind.END) {
      if (!createOption()) {
        return false;
      }
    }
    return true;
  }

  private boolean createOption() {
    if (schema == null && take("schema")) {
      schema = name(ReservedWords::isColumnName);
      return schema != null;
    }
    if (version == null && take("version")) {
      version = version();
      return version != null;
    }
    if (!cascade && take("cascade")) {
      cascade = true;
      return true;
    }
    return false;
  }

  private boolean updateOptions() {
    if (!take("update")) {
      return false;
    }
    if (take("to")) {
      version = version();
      return version != null;
    }
    return true;
  }

  /** Takes {@code NonReservedWord_or_Sconst}; null if there is none. */
  private @Nullable String version() {
    if (!lexer.kind().isStringConstant()) {
      return name(ReservedWords::isNonReserved);
    }
    String value = lexer.stringValue();
    lexer.next();
    return value;
  }

  /** Takes an identifier; null if there is none, or a word that cannot be a name here. */
  private @Nullable String name(Predicate<String> unquotedAllowed) {
    String name = lexer.identifier();
    boolean unquoted = lexer.kind() == TokenKind.IDENTIFIER;
    lexer.next();
    return name == null || name.isEmpty() || (unquoted && !unquotedAllowed.test(name))
        ? null
        : name;
  }

  private boolean take(String keyword) {
    if (!lexer.isKeyword(keyword)) {
      return false;
    }
    lexer.next();
    return true;
  }
}
