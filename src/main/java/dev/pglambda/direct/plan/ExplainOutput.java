package dev.pglambda.direct.plan;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What PostgreSQL's plan for a statement tells before it is executed. EXPLAIN also checks whether
 * the table that is to be created is there. In JSON its words are the same in all languages, and no
 * constant is taken for one of them.
 */
public final class ExplainOutput {
  /** Goes before the statement; the answer is one row, and one column. */
  public static final String EXPLAIN = "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) ";

  /** Tells whether the transaction is read-only: on or off. */
  public static final String READ_ONLY_QUERY =
      "SELECT pg_catalog.current_setting('transaction_read_only')";

  /** Deeper plans are none that a statement with a call in range has. */
  private static final int DEEPEST = 20_000;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private static final Set<String> NEVER = Set.of("false", "NULL::boolean");

  /** What is evaluated for itself, if at all; common tables are among them. */
  private static final Set<String> BESIDE = Set.of("InitPlan", "SubPlan");

  /** In older versions the schema of a temporary table has a number. */
  private static final Pattern TEMPORARY = Pattern.compile("pg_temp(?:_\\d+)?");

  private final List<Node> roots;
  private final boolean readOnly;
  private final boolean createsTable;

  private ExplainOutput(List<Node> roots, boolean readOnly, boolean createsTable) {
    this.roots = roots;
    this.readOnly = readOnly;
    this.createsTable = createsTable;
  }

  /** A node of a plan. */
  private static final class Node {
    private final int depth;
    private String type = "";
    private String relationship = "";
    private String filter = "";
    private String function = "";
    private final List<String> schemas = new ArrayList<>();
    private final List<Node> children = new ArrayList<>();

    Node(int depth) {
      this.depth = depth;
    }

    boolean writes() {
      return type.equals("ModifyTable");
    }

    boolean writesForGood() {
      return writes()
          && !(!schemas.isEmpty()
              && schemas.stream().allMatch(schema -> TEMPORARY.matcher(schema).matches()));
    }

    boolean isNever() {
      return type.equals("Result") && NEVER.contains(filter);
    }
  }

  /**
   * Reads EXPLAIN's answer.
   *
   * @param json in UTF-8, or an encoding that has the same ASCII
   * @param readOnly whether the transaction is
   * @param createsTable whether the statement is CREATE TABLE AS
   * @throws IllegalArgumentException if it is no JSON
   */
  public static ExplainOutput read(byte[] json, boolean readOnly, boolean createsTable) {
    // The names and values of interest are ASCII; others need not be right in the encoding.
    try (JsonParser parser =
        JSON.createParser(
            new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.ISO_8859_1))) {
      return new ExplainOutput(nodes(parser), readOnly, createsTable);
    } catch (IOException malformed) {
      throw new IllegalArgumentException("a plan in JSON", malformed);
    }
  }

  /** Reads the nodes that have no parent: {@code [{"Plan": {.., "Plans": [{..}, ..]}}, ..]}. */
  private static List<Node> nodes(JsonParser parser) throws IOException {
    List<Node> roots = new ArrayList<>();
    Deque<Node> open = new ArrayDeque<>();
    String name = "";
    int depth = 0;
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      switch (token) {
        case FIELD_NAME -> name = parser.currentName();
        case START_OBJECT -> {
          depth++;
          boolean isPlan = name.equals("Plan");
          if (isPlan || name.equals("Plans")) {
            Node node = new Node(depth);
            (open.isEmpty() ? roots : open.getFirst().children).add(node);
            open.push(node);
            name = isPlan ? "" : name;
          }
        }
        case END_OBJECT -> {
          if (!open.isEmpty() && open.getFirst().depth == depth) {
            open.pop();
            name = open.isEmpty() ? "" : "Plans";
          }
          depth--;
        }
        case END_ARRAY -> name = "";
        case VALUE_STRING -> {
          if (!open.isEmpty()) {
            value(open.getFirst(), name, parser);
          }
        }
        default -> {
          // of no interest
        }
      }
    }
    return roots;
  }

  private static void value(Node node, String name, JsonParser parser) throws IOException {
    switch (name) {
      case "Node Type" -> node.type = parser.getText();
      case "Parent Relationship" -> node.relationship = parser.getText();
      case "Function Name" -> node.function = parser.getText();
      case "One-Time Filter" -> node.filter = parser.getText();
      case "Schema" -> node.schemas.add(parser.getText());
      default -> {
        // of no interest
      }
    }
  }

  /**
   * Whether the calls are reached. They are not if the plan has nothing but a condition that is
   * false, or if the server is going to refuse the statement before.
   */
  public boolean reachesCalls() {
    return !refusesToWrite()
        && (roots.isEmpty() || !roots.stream().allMatch(ExplainOutput::isEmpty));
  }

  /**
   * Whether it has the call that stands in FROM of the client's own statement. The planner removes
   * it with a join or a branch that it finds to be empty.
   */
  public boolean scansInvoke() {
    return all().stream()
        .anyMatch(node -> node.function.equals("invoke") && node.schemas.contains("aws_lambda"));
  }

  /** Whether it writes, perhaps in its WITH: then all of its rows are made before one is sent. */
  public boolean writes() {
    return all().stream().anyMatch(Node::writes);
  }

  /** A temporary table can be written to in a read-only transaction, but not be created. */
  private boolean refusesToWrite() {
    return readOnly && (createsTable || all().stream().anyMatch(Node::writesForGood));
  }

  private List<Node> all() {
    List<Node> all = new ArrayList<>(roots);
    for (int i = 0; i < all.size(); i++) {
      all.addAll(all.get(i).children);
    }
    return all;
  }

  /** Whether each node has one other beneath it, down to one whose condition is false. */
  private static boolean isEmpty(Node root) {
    Node node = root;
    while (!node.isNever()) {
      List<Node> beneath =
          node.children.stream().filter(child -> !BESIDE.contains(child.relationship)).toList();
      if (beneath.size() != 1) {
        return false;
      }
      node = beneath.get(0);
    }
    return true;
  }
}
