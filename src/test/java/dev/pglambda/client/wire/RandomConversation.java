package dev.pglambda.client.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.CopyData;
import dev.pglambda.protocol.FrontendMessage.CopyDone;
import dev.pglambda.protocol.FrontendMessage.CopyFail;
import dev.pglambda.protocol.FrontendMessage.Describe;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Flush;
import dev.pglambda.protocol.FrontendMessage.FunctionCall;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.MessageWriter;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.protocol.StartupPacket.GssEncRequest;
import dev.pglambda.protocol.StartupPacket.SslRequest;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What a client says in one session, made up at random and the same for the same seed: valid, if
 * not always wise. It changes nothing that outlives the session. Each batch ends with three empty
 * Queries, whose replies nothing else has in that order.
 */
final class RandomConversation {
  private static final int INT4_PLUS = 177;
  private static final int NO_SUCH_FUNCTION = 99_999_999;

  private static final String[] STATEMENTS = {
    "SELECT 1",
    "SELECT i, s FROM t ORDER BY i",
    "SELECT 'CREATE EXTENSION aws_lambda', $$aws_commons$$",
    "/* aws_lambda.invoke */ VALUES (NULL::int, 'x'), (2, NULL) -- aws_lambda",
    "INSERT INTO t VALUES (7, 'seven') RETURNING *",
    "INSERT INTO t SELECT g, repeat('y', g) FROM generate_series(1, 50) g",
    "DELETE FROM t WHERE i % 3 = 0",
    "UPDATE t SET s = 'AWS_LAMBDA' WHERE i = 1",
    "SELECT 1/0",
    "SELECT 1/(i-5) FROM t ORDER BY i",
    "SELEC 1",
    "SELECT * FROM missing",
    "SELECT 'aws_lambda' FROM missing_too",
    "SELECT E'\\'aws_lambda', '\\', '\u00e9', U&'\\00e9'",
    "SELECT '\\xdeadbeef'::bytea, 1.5::numeric, true, 'abc'::name, ARRAY[1,2]",
    "SELECT repeat('x', 100000)",
    "SELECT g, repeat('z', 1000) FROM generate_series(1, 300) g",
    "SET application_name = 'aws_lambda'",
    "SET application_name TO 'other'",
    "SET DateStyle TO German",
    "SET client_encoding TO LATIN1",
    "SET client_encoding TO UTF8",
    "SET standard_conforming_strings TO off",
    "SET standard_conforming_strings TO on",
    "SET IntervalStyle TO sql_standard",
    "SET nonsense TO 1",
    "RESET ALL",
    "SHOW TimeZone",
    "BEGIN",
    "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "ROLLBACK TO a",
    "RELEASE a",
    "LISTEN c",
    "NOTIFY c, 'aws_lambda'",
    "NOTIFY c",
    "UNLISTEN *",
    "DO $$BEGIN RAISE NOTICE 'aws_lambda %', 1; END$$",
    "DO $$BEGIN RAISE WARNING 'w' USING HINT = 'aws_commons', ERRCODE = 'ZL009'; END$$",
    "DO $$BEGIN RAISE EXCEPTION 'aws_lambda'; END$$",
    "DO $$BEGIN EXECUTE 'SELECT aws_lambda'; END$$",
    "DECLARE k CURSOR FOR SELECT i FROM t ORDER BY i",
    "FETCH 3 FROM k",
    "PREPARE q AS SELECT 'aws_lambda', $1::int",
    "EXECUTE q(3)",
    "DEALLOCATE q",
    "EXPLAIN (COSTS OFF) SELECT i FROM t WHERE s = 'aws_lambda'",
    "DISCARD TEMP",
    "CREATE TEMP TABLE d (a int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)",
    "INSERT INTO d VALUES (1), (1)",
    "CREATE EXTENSION",
    "CREATE EXTENSION aws_lambda VERSION",
    "SELECT 'unfinished aws_lambda",
    "COPY t TO STDOUT",
    "COPY (SELECT i, s FROM t ORDER BY i) TO STDOUT (FORMAT csv, HEADER)",
    "COPY (SELECT i FROM t ORDER BY i) TO STDOUT (FORMAT binary)",
    "COPY missing TO STDOUT",
  };

  private static final String[] COPIES = {
    "COPY t FROM STDIN",
    "COPY t (i) FROM STDIN",
    "COPY t FROM STDIN (FORMAT csv)",
    "COPY missing FROM STDIN",
    "COPY t FROM STDIN (FORMAT aws_lambda)"
  };

  private static final String[] PARAMETERIZED = {
    "SELECT $1::int + 1",
    "SELECT i, s, 'aws_lambda' FROM t WHERE i <> $1::int ORDER BY i",
    "SELECT g FROM generate_series(1, 20) g WHERE g <> $1::int",
    "INSERT INTO t VALUES ($1::int, 'aws_commons')",
    "SELECT 10 / $1::int",
  };

  private static final String[][] STARTUPS = {
    {},
    {"application_name", "caf\u00e9 aws_lambda"},
    {"client_encoding", "LATIN1"},
    {"options", "-c standard_conforming_strings=off -c statement_timeout=1min"},
    {"DateStyle", "SQL, DMY", "TimeZone", "Europe/Berlin"},
    {"search_path", "pg_temp, public", "extra_float_digits", "2"},
    {"_pq_.nonsense", "1"},
  };

  private static final String[][] REFUSED = {
    {"database", "no_such_database"},
    {"user", "no such \u00fcser"},
    {"nonsense", "1"},
    {"client_encoding", "aws_lambda"},
    {"replication", "nonsense"},
  };

  private final Random random;
  private final ByteArrayOutputStream batch = new ByteArrayOutputStream();
  private final List<byte[]> batches = new ArrayList<>();

  /** Whether the unnamed portal may be one that a Query has left. */
  private boolean queryHadPortal;

  RandomConversation(long seed, String database) {
    random = new Random(seed);
    boolean refused = random.nextInt(20) == 0;
    startUp(database, refused);
    if (refused) {
      endBatch();
      return;
    }
    query("CREATE TEMP TABLE t (i int, s text)");
    query("INSERT INTO t SELECT g, 'row ' || g FROM generate_series(1, 20) g");
    for (int i = random.nextInt(6); i >= 0; i--) {
      for (int j = random.nextInt(6); j >= 0; j--) {
        unit();
      }
      if (random.nextInt(10) > 0 || i == 0) {
        sync();
        query("");
        query("");
        query("");
        endBatch();
      }
    }
    message(new Terminate());
    endBatch();
  }

  /** What is sent, in parts after each of which a client could wait. */
  List<byte[]> batches() {
    return batches;
  }

  private void endBatch() {
    batches.add(batch.toByteArray());
    batch.reset();
  }

  private <T> T pick(T[] values) {
    return values[random.nextInt(values.length)];
  }

  private void startUp(String database, boolean refused) {
    if (random.nextInt(4) == 0) {
      message(random.nextBoolean() ? new SslRequest() : new GssEncRequest());
      endBatch();
    }
    String[] more = refused ? pick(REFUSED) : pick(STARTUPS);
    Map<String, String> parameters = new LinkedHashMap<>();
    if (!List.of(more).contains("user")) {
      parameters.put("user", "postgres");
    }
    if (!List.of(more).contains("database")) {
      parameters.put("database", database);
    }
    for (int i = 0; i < more.length; i += 2) {
      parameters.put(more[i], more[i + 1]);
    }
    int minor = random.nextInt(6) == 0 ? random.nextInt(4) : 0;
    message(new StartupMessage(StartupPacket.MAJOR_VERSION, minor, parameters));
  }

  private void unit() {
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> query(pick(STATEMENTS));
      case 3, 4 -> {
        List<String> texts = new ArrayList<>();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
          texts.add(pick(STATEMENTS));
        }
        query(String.join(random.nextBoolean() ? ";" : " ;\n; ", texts));
      }
      case 5 -> copyBySimpleQuery();
      case 6 -> copyByExecute();
      case 7 -> functionCall();
      case 8 -> {
        query(" \t\n");
        sync();
      }
      default -> pipeline();
    }
  }

  private void copyBySimpleQuery() {
    query((random.nextInt(4) == 0 ? "SELECT 1; " : "") + pick(COPIES));
    copyData();
  }

  private void copyByExecute() {
    parse("", pick(COPIES));
    bind("", "", List.of());
    execute("", 0);
    if (random.nextInt(3) == 0) {
      sync();
    }
    copyData();
    sync();
    // Else it could be executed once more, without data.
    message(Close.statement(""));
    sync();
  }

  private void copyData() {
    for (int i = random.nextInt(4); i > 0; i--) {
      String line =
          switch (random.nextInt(8)) {
            case 0 -> "not a number\tx\n";
            case 1 -> "1\n";
            case 2 -> "3,aws_lambda\n";
            case 3 -> "4\tcut"; // the rest comes in the next message, or never
            default -> "5\tCREATE EXTENSION aws_lambda\n";
          };
      message(new CopyData(UTF_8.encode(line)));
      if (random.nextInt(8) == 0) {
        message(new Flush());
      }
    }
    if (random.nextInt(4) == 0) {
      message(new CopyFail("the client has aws_lambda enough"));
    } else {
      message(new CopyDone());
    }
  }

  private void functionCall() {
    boolean binary = random.nextBoolean();
    int function = random.nextInt(4) == 0 ? NO_SUCH_FUNCTION : INT4_PLUS;
    List<ByteBuffer> arguments = new ArrayList<>();
    for (int argument = 0; argument < 2; argument++) {
      arguments.add(
          binary ? int4(random.nextInt(1000)) : UTF_8.encode(random.nextInt(6) == 0 ? "xx" : "42"));
    }
    List<Integer> formats = List.of(format(binary));
    message(new FunctionCall(function, formats, arguments, random.nextInt(2)));
  }

  private static int format(boolean binary) {
    return binary ? FrontendMessage.BINARY_FORMAT : FrontendMessage.TEXT_FORMAT;
  }

  private static ByteBuffer int4(int value) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(0, value);
  }

  private void pipeline() {
    if (queryHadPortal) {
      closePortalOfQuery();
    }
    for (int i = 1 + random.nextInt(7); i > 0; i--) {
      String name = pick(new String[] {"", "", "", "a", "b"});
      String portal = pick(new String[] {"", "", "p"});
      switch (random.nextInt(14)) {
        case 0 -> parse(name, pick(STATEMENTS).replace("COPY", "TABLE"));
        case 1 -> parse(name, pick(PARAMETERIZED));
        case 2 -> bind(portal, name, List.of());
        case 3, 4 -> bind(portal, name, List.of("3"));
        case 5 -> message(Describe.statement(name));
        case 6 -> message(Describe.portal(portal));
        case 7, 8 -> execute(portal, random.nextInt(3) * random.nextInt(8));
        case 9 -> message(random.nextBoolean() ? Close.statement(name) : Close.portal(portal));
        case 10 -> message(new Flush());
        case 11 -> sync();
        default -> {
          parse("", pick(PARAMETERIZED));
          bind("", "", List.of(Integer.toString(random.nextInt(3))));
          message(Describe.portal(""));
          execute("", random.nextInt(4));
          execute("", 0);
        }
      }
    }
    if (random.nextInt(6) == 0) {
      query("SELECT 'while skipping, perhaps'");
    }
    sync();
  }

  /**
   * A Query that fails in a transaction block leaves the unnamed portal behind, and an Execute of
   * it can crash the server: its statements are in memory that is freed before the next message
   * (exec_simple_query in src/backend/tcop/postgres.c; seen in 12.22, 15.19, 15.20, 17.11 and 18.6;
   * docs/development/fuzzing.md has a script). The server does not skip the Close, as what comes
   * before a pipeline ends with Sync, Query or FunctionCall.
   */
  private void closePortalOfQuery() {
    message(Close.portal(""));
    queryHadPortal = false;
  }

  private void query(String sql) {
    queryHadPortal |= !sql.isBlank();
    message(new Query(sql));
  }

  private void parse(String name, String sql) {
    message(new Parse(name, sql, List.of()));
  }

  /** Parameters in text or, as int4, in binary format; results in either. */
  private void bind(String portal, String name, List<String> values) {
    boolean binary = random.nextInt(3) == 0;
    List<ByteBuffer> parameters = new ArrayList<>();
    for (String value : values) {
      parameters.add(binary ? int4(Integer.parseInt(value)) : UTF_8.encode(value));
    }
    List<Integer> results = List.of(random.nextInt(2));
    message(new Bind(portal, name, List.of(format(binary)), parameters, results));
  }

  private void execute(String portal, int maxRows) {
    message(new Execute(portal, maxRows));
  }

  private void sync() {
    message(new Sync());
  }

  private void message(Message message) {
    batch.writeBytes(MessageWriter.bytes(UTF_8, message));
  }
}
