package dev.pglambda.sql;

import dev.pglambda.sql.NestedBodies.Body;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds where queries read {@code pg_available_extensions} or {@code
 * pg_available_extension_versions}: as an item of the FROM of a SELECT, or of a PERFORM in plpgsql.
 *
 * <p>A statement is left alone as a whole if one of these names stands anywhere else in it but in
 * front of a column's (then it may be that of a common table, a function, another schema's table,
 * or a whole row), if its query is stored or shown (CREATE, ALTER, EXPLAIN), or if it locks rows.
 * The cost is linear in the length of the text.
 */
public final class ViewReferences {
  private static final String CATALOG = "pg_catalog";

  private static final Set<String> VIEWS =
      Set.of("pg_available_extensions", "pg_available_extension_versions");

  private static final Set<String> LEFT_ALONE =
      Set.of("alter", "atomic", "create", "explain", "tablesample");

  /** Behind FOR they lock rows. */
  private static final Set<String> LOCKS = Set.of("key", "no", "share", "update");

  /** These begin a query in parentheses, as SELECT does, but have no FROM of their own. */
  private static final Set<String> QUERY_STARTS = Set.of("table", "values", "with");

  /** Words that end a FROM clause. What ends it besides does no harm: it has no commas. */
  private static final Set<String> ENDS =
      ReservedWords.words(
          """
          do else except fetch for group having intersect into limit offset order returning set
          then union when where window
          """);

  private final MappedText source;
  private final SqlText text;
  private final boolean plpgsql;
  private final List<ViewReference> found;
  private final SqlLexer lexer;

  /** What goes on around the open brackets, the innermost first. */
  private final Deque<Clause> open = new ArrayDeque<>();

  private Clause clause = Clause.OTHER;

  /** Of the statement that has not ended yet. */
  private final List<ViewReference> ofStatement = new ArrayList<>();

  private boolean leftAlone;

  /** Whether it has the view's name in front of a column's. */
  private boolean qualified;

  /** Whether a statement of plpgsql may begin at the cursor. */
  private boolean begins = true;

  /** Whether it is a FOR of plpgsql, whose query ends at LOOP. */
  private boolean isFor;

  /** Whether it may have an expression with CASE, whose THEN and ELSE are parts of it. */
  private boolean hasCase;

  /** Whether the text has the body of a routine, in which a semicolon does not end a statement. */
  private boolean atomic;

  /** Where the view's name begins that was found last. */
  private int taken = -1;

  /** The key word before; empty if it was none. */
  private String previous = "";

  private boolean behindDot;

  private ViewReferences(MappedText source, boolean plpgsql, List<ViewReference> found) {
    this.source = source;
    this.text = source.text();
    this.plpgsql = plpgsql;
    this.found = found;
    this.lexer = text.lexer();
  }

  /** Where in a query, between brackets, the cursor is. */
  private enum Clause {
    /** Behind SELECT. */
    SELECT,
    /** Where an item of FROM begins. */
    ITEM,
    /** In an item of FROM, or behind it. */
    FROM,
    /** Anywhere else. */
    OTHER
  }

  /**
   * The references in a text, and in the bodies and constants in it that are executed, in order.
   */
  public static List<ViewReference> find(SqlText text) {
    List<ViewReference> found = new ArrayList<>();
    new ViewReferences(MappedText.of(text), false, found).scan();
    for (Body body : text.bodies()) {
      new ViewReferences(body.source(), body.plpgsql(), found).scan();
    }
    found.sort(Comparator.comparingInt(ViewReference::start));
    return List.copyOf(found);
  }

  private void scan() {
    while (lexer.next() != TokenKind.END) {
      if (lexer.is(';') && open.isEmpty()) {
        endStatement();
      } else {
        String word = keyword();
        if (plpgsql && open.isEmpty()) {
          trackPlpgsql(word);
        }
        track(word);
        leftAlone |= isLeftAlone(word);
        behindDot = lexer.is('.');
        previous = word;
      }
    }
    leftAlone |= !open.isEmpty();
    endStatement();
  }

  private void endStatement() {
    takeReferences();
    leftAlone = atomic;
    isFor = false;
    hasCase = false;
    begins = true;
    clause = Clause.OTHER;
    previous = "";
    behindDot = false;
  }

  private void takeReferences() {
    // A column with the view's name, where it has another one, is a mistake that PostgreSQL knows.
    boolean wrong = qualified && ofStatement.stream().allMatch(ViewReference::aliased);
    if (!leftAlone && !wrong) {
      found.addAll(ofStatement);
    }
    ofStatement.clear();
    qualified = false;
  }

  /** What a word means between the statements of plpgsql, one of which may begin behind it. */
  private void trackPlpgsql(String word) {
    isFor |= begins && word.equals("for");
    begins = false;
    hasCase |= word.equals("case");
    boolean then = word.equals("then") || word.equals("else");
    if ((then && !hasCase) || word.equals("begin") || word.equals("loop")) {
      takeReferences();
      isFor = false;
      begins = true;
      clause = Clause.OTHER;
    }
  }

  /** The unquoted word at the cursor in lower case; empty if there is none, or it is a name. */
  private String keyword() {
    String word = lexer.kind() == TokenKind.IDENTIFIER && !behindDot ? lexer.identifier() : null;
    // Behind AS every word is a label, but for the query of a PREPARE.
    return word == null || (previous.equals("as") && !word.equals("select")) ? "" : word;
  }

  private void track(String word) {
    if (lexer.is('(') || lexer.is('[')) {
      boolean item = clause == Clause.ITEM;
      open.push(item ? Clause.FROM : clause);
      clause = item && lexer.is('(') ? Clause.ITEM : Clause.OTHER;
    } else if (lexer.is(')') || lexer.is(']')) {
      leftAlone |= open.isEmpty();
      clause = open.isEmpty() ? Clause.OTHER : open.pop();
    } else if (word.equals("select")) {
      clause = Clause.SELECT;
    } else {
      clause =
          switch (clause) {
            case SELECT -> inTargets(word);
            case ITEM -> item(word);
            case FROM -> inFrom(word);
            case OTHER ->
                plpgsql && open.isEmpty() && word.equals("perform") ? Clause.SELECT : Clause.OTHER;
          };
    }
  }

  private Clause inTargets(String word) {
    // IS [NOT] DISTINCT FROM is an operator.
    return word.equals("from") && !previous.equals("distinct") ? Clause.ITEM : Clause.SELECT;
  }

  private Clause inFrom(String word) {
    if (lexer.is(',') || word.equals("join")) {
      return Clause.ITEM;
    }
    return ENDS.contains(word) ? Clause.OTHER : Clause.FROM;
  }

  private Clause item(String word) {
    if (QUERY_STARTS.contains(word)) {
      return Clause.OTHER;
    }
    ViewReference reference = reference();
    if (reference != null) {
      ofStatement.add(reference);
    }
    return Clause.FROM;
  }

  private boolean isLeftAlone(String word) {
    atomic |= word.equals("atomic");
    if (lexer.kind() == TokenKind.ERROR
        || LEFT_ALONE.contains(word)
        || (previous.equals("for") && LOCKS.contains(word))) {
      return true;
    }
    String name = lexer.identifier();
    if (name == null || !VIEWS.contains(name) || lexer.start() == taken) {
      return false;
    }
    qualified = true;
    return behindDot || !at(lexer.end()).is('.');
  }

  /** The view that the cursor is at, and that is all of the item but for an alias. */
  private @Nullable ViewReference reference() {
    SqlLexer name = at(lexer.start());
    if (isPlain(name) && CATALOG.equals(name.identifier())) {
      int dot = name.end();
      name.next();
      if (!name.is('.') || name.start() != dot || at(name.end()).start() != name.end()) {
        return null;
      }
      name.next();
    }
    String view = isPlain(name) ? name.identifier() : null;
    int nameStart = name.start();
    int end = name.end();
    if (view == null || !VIEWS.contains(view) || !isWrittenAsItIs(lexer.start(), end)) {
      return null;
    }
    name.next();
    boolean loop = plpgsql && name.isKeyword("loop");
    boolean aliased = isAlias(name) && !loop;
    if (!aliased && (loop ? !(isFor && open.isEmpty()) : !isBehindItem(name))) {
      return null;
    }
    taken = nameStart;
    return new ViewReference(
        view, source.start(lexer.start()), source.start(nameStart), source.end(end), aliased);
  }

  private static boolean isAlias(SqlLexer next) {
    if (next.kind() != TokenKind.IDENTIFIER) {
      return next.kind().isIdentifier();
    }
    String word = String.valueOf(next.identifier());
    return word.equals("as") || ReservedWords.isColumnName(word);
  }

  /** Whether an item without an alias can end before this: a key word, or what is no word. */
  private static boolean isBehindItem(SqlLexer next) {
    return next.kind() == TokenKind.IDENTIFIER
        || next.kind() == TokenKind.END
        || next.is(',')
        || next.is(')')
        || next.is(';');
  }

  /** A cursor at the token that begins there or behind. */
  private SqlLexer at(int offset) {
    SqlLexer at = text.lexer(offset, text.length());
    at.next();
    return at;
  }

  private static boolean isPlain(SqlLexer name) {
    return name.kind() == TokenKind.IDENTIFIER || name.kind() == TokenKind.QUOTED_IDENTIFIER;
  }

  /** Whether a part of a body has no escapes in the client's text. */
  private boolean isWrittenAsItIs(int start, int end) {
    return source.end(end) - source.start(start) == end - start;
  }
}
