package dev.pglambda.sql;

import dev.pglambda.sql.ExtensionStatement.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Recognises the statements on {@code aws_commons} and {@code aws_lambda} that need a control file,
 * or an entry in {@code pg_extension}. Only what PostgreSQL's grammar accepts (gram.y, {@code
 * CreateExtensionStmt}, {@code AlterExtensionStmt}, {@code AlterObjectSchemaStmt}, {@code
 * DropStmt}, {@code CommentStmt}) and PostgreSQL would execute is recognised; all else is left for
 * PostgreSQL to answer, in particular repeated options, and {@code FROM version}, which PostgreSQL
 * refuses since 13.
 */
public final class ExtensionStatements {
  private static final Set<String> EXTENSIONS = Set.of("aws_commons", "aws_lambda");

  private final SqlLexer lexer;
  private final int statementIndex;
  private final Statement statement;

  private final List<String> extensions = new ArrayList<>();
  private boolean conditional;
  private @Nullable String schema;
  private @Nullable String version;
  private boolean cascade;

  private ExtensionStatements(SqlLexer lexer, int statementIndex, Statement statement) {
    this.lexer = lexer;
    this.statementIndex = statementIndex;
    this.statement = statement;
  }

  /**
   * The statements at the top level of a text, in order; none if the text ends within a statement,
   * because PostgreSQL then executes nothing of it.
   */
  public static List<ExtensionStatement> find(SqlText text) {
    if (!text.isComplete()) {
      return List.of();
    }
    List<Statement> statements = text.statements();
    List<ExtensionStatement> found = new ArrayList<>();
    for (int index = 0; index < statements.size(); index++) {
      ExtensionStatement recognised = recognise(text, index, statements.get(index));
      if (recognised != null) {
        found.add(recognised);
      }
    }
    return List.copyOf(found);
  }

  /** Recognises the statement of a text that has this index; null if it is another one. */
  static @Nullable ExtensionStatement recognise(
      SqlText text, int statementIndex, Statement statement) {
    return new ExtensionStatements(text.lexer(statement), statementIndex, statement).recognise();
  }

  private @Nullable ExtensionStatement recognise() {
    lexer.next();
    Kind kind = kind();
    if (kind == null
        || lexer.kind() != TokenKind.END
        || extensions.stream().noneMatch(EXTENSIONS::contains)) {
      return null;
    }
    return new ExtensionStatement(
        kind,
        extensions,
        conditional,
        schema,
        version,
        cascade,
        statementIndex,
        statement.start(),
        statement.end());
  }

  /** Takes all tokens of a statement; null if it is none of ours. */
  private @Nullable Kind kind() {
    if (take("create")) {
      return take("extension") && ifNotExists() && extension() && createOptions()
          ? Kind.CREATE
          : null;
    }
    if (take("alter")) {
      return take("extension") && extension() ? alteration() : null;
    }
    if (take("drop")) {
      return take("extension") && ifExists() && extensionList() && behavior() ? Kind.DROP : null;
    }
    return take("comment") && take("on") && take("extension") && extension() && comment()
        ? Kind.COMMENT
        : null;
  }

  /** Followed by NOT, IF can only be the beginning of IF NOT EXISTS, not a name. */
  private boolean ifNotExists() {
    conditional = take("if");
    return !conditional || (take("not") && take("exists"));
  }

  /** An extension could have the name IF, but that one is not looked for. */
  private boolean ifExists() {
    conditional = take("if");
    return !conditional || take("exists");
  }

  private boolean extension() {
    String extension = name(ReservedWords::isColumnName);
    if (extension == null) {
      return false;
    }
    extensions.add(extension);
    return true;
  }

  private boolean extensionList() {
    boolean named = extension();
    while (named && lexer.is(',')) {
      lexer.next();
      named = extension();
    }
    return named;
  }

  private boolean behavior() {
    cascade = take("cascade");
    return cascade || take("restrict") || lexer.kind() == TokenKind.END;
  }

  private boolean comment() {
    if (!take("is")) {
      return false;
    }
    // A constant with a wrong escape is a syntax error, for which nothing of the text is executed.
    boolean comment = lexer.stringValue() != null || lexer.isKeyword("null");
    lexer.next();
    return comment;
  }

  private @Nullable Kind alteration() {
    if (take("update")) {
      return !take("to") || version() ? Kind.ALTER_UPDATE : null;
    }
    if (take("set") && take("schema")) {
      return schema() ? Kind.ALTER_SET_SCHEMA : null;
    }
    return null;
  }

  private boolean createOptions() {
    take("with");
    while (lexer.kind() != TokenKind.END) {
      if (!createOption()) {
        return false;
      }
    }
    return true;
  }

  private boolean createOption() {
    if (schema == null && take("schema")) {
      return schema();
    }
    if (version == null && take("version")) {
      return version();
    }
    cascade = !cascade && take("cascade");
    return cascade;
  }

  private boolean schema() {
    schema = name(ReservedWords::isColumnName);
    return schema != null;
  }

  /** {@code NonReservedWord_or_Sconst}. */
  private boolean version() {
    if (lexer.kind().isStringConstant()) {
      version = lexer.stringValue();
      lexer.next();
    } else {
      version = name(ReservedWords::isNonReserved);
    }
    return version != null;
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
