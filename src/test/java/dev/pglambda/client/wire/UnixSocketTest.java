package dev.pglambda.client.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pglambda.StartException;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.StartupPacket;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Peer;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyHeader;
import dev.pglambda.testing.ProxyUnderTest;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Unix-domain sockets on either side of the proxy. */
@ParameterizedClass
@MethodSource("dev.pglambda.testing.LambdaDatabase#oldestAndNewestVersion")
@Timeout(60)
class UnixSocketTest {
  private static final String HELLO = "SELECT payload FROM aws_lambda.invoke('hello', '{}'::json)";

  /** Its path must be short (107 bytes), which that of the project need not be. */
  @TempDir Path directory;

  private final PostgresServer postgres;
  private final List<AutoCloseable> opened = new ArrayList<>();

  UnixSocketTest(String version) {
    postgres = PostgresServer.of(version);
  }

  @AfterEach
  void close() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
  }

  private String server() {
    return "unix:" + postgres.socketDirectory() + ":" + postgres.port();
  }

  private ProxyUnderTest proxy(String backend, String... arguments) throws Exception {
    ProxyUnderTest proxy = ProxyUnderTest.startBefore(backend, arguments);
    opened.add(proxy);
    return proxy;
  }

  /** One that listens in the directory, too. */
  private ProxyUnderTest proxyInDirectory(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("--sample-functions", "on"));
    all.addAll(List.of("--listen", "127.0.0.1:0,unix:" + directory));
    all.addAll(List.of(arguments));
    return proxy(tcp(), all.toArray(String[]::new));
  }

  private String tcp() {
    return postgres.host() + ":" + postgres.port();
  }

  private Path file(ProxyUnderTest proxy) {
    return directory.resolve(".s.PGSQL." + proxy.port());
  }

  /** Sends bytes to a socket and reads until the other side closes, or so many. */
  private static String answer(Path file, byte[] bytes, int most) throws IOException {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
      client.write(ByteBuffer.wrap(bytes));
      return new String(
          Channels.newInputStream(client).readNBytes(most), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void clientsConnectAtTheProxysSocket() throws Exception {
    ProxyUnderTest proxy = proxyInDirectory();

    assertThat(Files.getPosixFilePermissions(file(proxy)))
        .isEqualTo(PosixFilePermissions.fromString("rwxrwxrwx"));
    Psql.Output output =
        Psql.program(
                "psql",
                "--host=" + directory,
                "--port=" + proxy.port(),
                "--username=" + postgres.user(),
                "--dbname=postgres",
                "--no-psqlrc",
                "--tuples-only")
            .run("SELECT repeat('x', 100000) IS NOT NULL;\n\\conninfo\n");
    assertThat(output.text()).contains(" t\n").contains("via socket in \"" + directory + "\"");
    assertThat(Queries.row(proxy.connect("postgres"), "SELECT 1")).isEqualTo("1");
    proxy.close();

    assertThat(directory).isEmptyDirectory();
  }

  /** PostgreSQL encrypts no Unix-domain socket either, and hostssl does not concern it. */
  @Test
  void noTlsIsSpokenAtTheProxysSocketNorRequired() throws Exception {
    ProxyUnderTest proxy = proxyInDirectory("--tls-self-signed", "on", "--tls-mode", "require");
    byte[] request = Peer.packet(StartupPacket.SSL_REQUEST, "");
    byte[] startup = Peer.startup("user", postgres.user(), "database", "postgres");

    assertThat(answer(file(proxy), request, 1)).isEqualTo("N");
    assertThat(answer(file(proxy), new byte[] {0x16, 3, 1, 0, 5}, 1)).isEmpty();
    assertThat(answer(file(proxy), startup, 1)).isEqualTo("R");
  }

  @Test
  void clientsAtTheProxysSocketCountTogether() throws Exception {
    ProxyUnderTest proxy = proxyInDirectory("--max-clients-per-address", "1");
    byte[] startup = Peer.startup("user", postgres.user(), "database", "postgres");
    try (SocketChannel first = SocketChannel.open(UnixDomainSocketAddress.of(file(proxy)))) {
      first.write(ByteBuffer.wrap(startup));
      String begun = "";
      while (!begun.endsWith("Z\0\0\0\5I")) {
        begun += (char) Channels.newInputStream(first).read();
      }

      assertThat(answer(file(proxy), startup, 1000))
          .contains("C53300\0Mtoo many connections for address \"[local]\"\0");
      assertThat(Queries.row(proxy.connect("postgres"), "SELECT 1")).isEqualTo("1");
    }
  }

  @Test
  void aLoadBalancerAtTheProxysSocketTellsWhoseConnectionItIs() throws Exception {
    ProxyUnderTest proxy = proxyInDirectory("--proxy-protocol-from", "unix");
    byte[] startup = Peer.startup("user", postgres.user(), "database", "postgres");
    byte[] header = ProxyHeader.of("192.0.2.7");
    byte[] both =
        ByteBuffer.allocate(header.length + startup.length).put(header).put(startup).array();

    assertThat(answer(file(proxy), both, 1)).isEqualTo("R");
    assertThat(answer(file(proxy), startup, 1000)).contains("C08P01\0");
  }

  /** It knows nothing of load balancers, and connects by TCP. */
  @Test
  void theImagesHealthCheckIsAnswered() throws Exception {
    ProxyUnderTest proxy = proxyInDirectory("--proxy-protocol-from", "127.0.0.0/8,unix");
    String tcp = "127.0.0.1:" + proxy.port();
    String socket = "unix:" + directory;
    for (String listen : List.of(tcp, tcp + "," + socket, socket + "," + tcp)) {
      ProcessBuilder check = new ProcessBuilder("bash", "docker/healthcheck");
      check.environment().put("PGLAMBDA_LISTEN", listen);

      assertThat(check.start().waitFor()).as(listen).isZero();
    }
  }

  @Test
  void aSocketInUseIsLeftAlone() throws Exception {
    ProxyUnderTest first = proxyInDirectory();
    String same = "127.0.0.1:0,unix:" + directory + ":" + first.port();

    assertThatThrownBy(() -> proxy(server(), "--listen", same))
        .isInstanceOf(StartException.class)
        .hasMessage(
            "--listen unix:%s:%d: another server uses it (expected: a directory in which files can"
                + " be made, without the socket of another server)",
            directory, first.port());
    assertThatThrownBy(() -> proxy(server(), "--listen", "127.0.0.1:0," + server()))
        .isInstanceOf(StartException.class)
        .hasMessageContaining(": another server uses it");
    assertThat(answer(file(first), Peer.packet(StartupPacket.SSL_REQUEST, ""), 1)).isEqualTo("N");
    assertThat(Queries.row(proxy(server()).connect("postgres"), "SELECT 1")).isEqualTo("1");
  }

  @Test
  void aFileThatAServerHasLeftIsReplaced() throws Exception {
    Path left = directory.resolve(".s.PGSQL.7654");
    try (ServerSocketChannel gone = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      gone.bind(UnixDomainSocketAddress.of(left));
    }
    Files.writeString(directory.resolve(".s.PGSQL.7654.lock"), "999999\n");
    assertThat(left).exists();

    proxy(tcp(), "--listen", "127.0.0.1:0,unix:" + directory + ":7654");

    assertThat(answer(left, Peer.packet(StartupPacket.SSL_REQUEST, ""), 1)).isEqualTo("N");
    assertThat(directory.resolve(".s.PGSQL.7654.lock"))
        .hasContent(ProcessHandle.current().pid() + "\n");
  }

  @Test
  void aFileThatIsNoSocketIsLeftAlone() throws Exception {
    Path file = Files.writeString(directory.resolve(".s.PGSQL.7654"), "precious");
    Path linked = Files.writeString(directory.resolve("elsewhere"), "precious, too");
    Files.createSymbolicLink(directory.resolve(".s.PGSQL.7655.lock"), linked);

    assertThatThrownBy(() -> proxy(server(), "--listen", "127.0.0.1:0,unix:" + directory + ":7654"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining(": there is a file in its place (expected");
    assertThatThrownBy(() -> proxy(server(), "--listen", "127.0.0.1:0,unix:" + directory + ":7655"))
        .isInstanceOf(StartException.class);
    assertThatThrownBy(() -> proxy(server(), "--listen", "127.0.0.1:0,unix:/no/such"))
        .isInstanceOf(StartException.class)
        .hasMessageContaining(": no such directory (expected");
    assertThat(file).hasContent("precious");
    assertThat(linked).hasContent("precious, too");
    assertThat(directory.resolve(".s.PGSQL.7654.lock")).doesNotExist();
  }

  /** It calls back by TCP, on this machine, since it sees no address of the proxy's. */
  @Test
  void aServerAtItsSocketCallsBack() throws Exception {
    FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start().on("hello", Reply.json("\"hello\""));
    opened.add(lambda);
    String database = postgres.createDatabase();
    ProxyUnderTest proxy =
        proxy(server(), "--direct-calls", "never", "--lambda-endpoint", lambda.uri().toString());
    try (Connection connection = proxy.connect(database)) {
      Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");

      assertThat(Queries.row(connection, "SELECT inet_client_addr() IS NULL")).isEqualTo("t");
      assertThat(Queries.row(connection, HELLO)).isEqualTo("\"hello\"");
      try (Connection bypassing = postgres.connect(database)) {
        assertThat(Queries.row(bypassing, HELLO)).isEqualTo("\"hello\"");
      }
    }
  }

  @Test
  void aServerAtItsSocketGetsCancelRequests() throws Exception {
    String database = postgres.createDatabase();
    ProxyUnderTest proxy = proxy(server(), "--sample-functions", "on");
    try (WireClient client =
        WireClient.connect(proxy.host(), proxy.port(), postgres.user(), database, null)) {
      client.query("SELECT pg_sleep(60)").flushOut();
      postgres.awaitStatement(database, "SELECT pg_sleep(60)");
      client.cancel();

      assertThat(client.readUntilReady())
          .filteredOn(ErrorResponse.class::isInstance)
          .asString()
          .contains("57014");
    }
  }

  /**
   * The server knows the user of the proxy's process, whoever the client is; under another name
   * where it runs in a user namespace.
   */
  @Test
  void peerAuthenticationIsTheProxysUser() throws Exception {
    String role = "peer_" + postgres.majorVersion();
    ProxyUnderTest proxy = proxy(server(), "--sample-functions", "on");
    postgres.setIdent("proxies /^.*$ " + role);
    postgres.setHba("local all " + role + " peer map=proxies", "local all somebody peer");
    try {
      postgres.execute("CREATE ROLE " + role + " LOGIN");

      assertThat(Queries.row(proxy.connect("postgres", role, "", ""), "SELECT current_user"))
          .isEqualTo(role);
      assertThatThrownBy(() -> proxy.connect("postgres", "somebody", "", ""))
          .hasMessageContaining("Peer authentication failed for user \"somebody\"");
    } finally {
      postgres.setIdent();
      postgres.resetHba();
      postgres.execute("DROP ROLE " + role);
    }
  }

  @Test
  void aSocketThatIsNotThereIsNamed() throws Exception {
    ProxyUnderTest proxy = proxy("unix:" + directory, "--sample-functions", "on");
    try (WireClient client = WireClient.open(proxy.host(), proxy.port())) {
      assertThat(client.startUp(Map.of("user", "ann"), null))
          .asString()
          .contains("08001")
          .contains("could not connect to server at unix:" + directory + ":5432: No such file");
    }
  }
}
