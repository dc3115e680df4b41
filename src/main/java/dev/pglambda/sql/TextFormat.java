package dev.pglambda.sql;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The words by which the proxy knows its own texts again. Databases keep such texts: the source of
 * a user's function has {@link NestedBlock}s and sub-queries of {@link ViewReference}s, and the
 * CONTEXT of errors names what these execute. So a text carries the number of its format. A format
 * never changes, and all of them are read, whichever version of the proxy has written the text.
 */
public enum TextFormat {
  /** Has no number in its texts. */
  FIRST(""),
  /** As the first, with its number. */
  SECOND("2");

  /** The one that is written. */
  public static final TextFormat CURRENT = SECOND;

  /** How every block of the proxy's begins: an installer's, and a nested one around it. */
  public static final String BLOCK_START = "DO $pglambda_do";

  /** How the quotes begin in which a block has its texts. */
  static final String OWN_QUOTES = "$pglambda";

  /** The worker as PostgreSQL prints it ({@code regprocedure}); the extension's script has it. */
  public static final String WORKER =
      "pglambda.invoke(text,text,text,text,text,text,text,text,text)";

  /** How the line ends that begins with {@link #lastLine}. */
  public static final String LAST_LINE_END = " pglambda--";

  /** {@link #nestedBlock} of all formats. */
  public static final List<TextMarkers> NESTED_BLOCKS =
      Arrays.stream(values()).map(format -> format.nestedBlock).toList();

  /** {@link #namedView} and {@link #aliasedView} of all formats. */
  public static final List<TextMarkers> VIEWS =
      Arrays.stream(values())
          .flatMap(format -> Stream.of(format.namedView, format.aliasedView))
          .toList();

  /** Around the statement that a {@link NestedBlock} stands for. */
  @SuppressWarnings("ImmutableEnumChecker") // a record of strings
  final TextMarkers nestedBlock;

  /** Around the schema of the view for which a sub-query stands; its name follows. */
  @SuppressWarnings("ImmutableEnumChecker")
  final TextMarkers namedView;

  /** Around the view, where an alias follows. */
  @SuppressWarnings("ImmutableEnumChecker")
  final TextMarkers aliasedView;

  private final String lastLine;
  private final String mark;

  TextFormat(String number) {
    String head = "DO $pglambda_do" + number + "$DECLARE statement CONSTANT pg_catalog.text := ";
    // No dollar sign at the end: another may follow, and both together end a $$.
    String end = "END$pglambda_do" + number + "$ LANGUAGE plpgsql";
    String comment = "/*pglambda" + number;
    nestedBlock = new TextMarkers(head + "$pglambda$", " $pglambda$;", end);
    namedView = new TextMarkers("(" + comment + "-as ", "*/", comment + "*/) AS ");
    aliasedView = new TextMarkers("(" + comment + " ", "*/", comment + "*/)");
    lastLine = "\n--pglambda" + number + " ";
    mark = "/* pglambda" + number + " */ ";
  }

  /**
   * How the last line of the text begins which a nested block executes. Up to {@link
   * #LAST_LINE_END} it says what PostgreSQL calls, in the server's language, a frame of plpgsql at
   * an SQL statement.
   */
  public String lastLine() {
    return lastLine;
  }

  /**
   * How every text begins that a block executes and that event triggers can see. By this the lines
   * of CONTEXT that are the proxy's are told from those of an event trigger's function.
   */
  public String mark() {
    return mark;
  }

  /** Where in a text the first {@link #mark} of any format is, or -1. */
  public static int firstMark(String text) {
    return Arrays.stream(values())
        .mapToInt(format -> text.indexOf(format.mark))
        .filter(start -> start >= 0)
        .min()
        .orElse(-1);
  }

  /** Where in a text the latest line is that is a {@link #lastLine} of any format, or -1. */
  public static int latestLastLine(String text) {
    return Arrays.stream(values())
        .mapToInt(format -> text.lastIndexOf(format.lastLine))
        .max()
        .orElse(-1);
  }
}
