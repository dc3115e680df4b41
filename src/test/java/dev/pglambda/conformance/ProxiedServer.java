package dev.pglambda.conformance;

import dev.pglambda.StartException;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A server, the proxies before it that cases ask for, and the endpoint behind those. Each case has
 * a database of its own. For one thread: roles are the whole server's, and so are the endpoint's
 * replies.
 */
final class ProxiedServer {
  private final PostgresServer postgres;
  private final DatabaseSupply databases;
  private final FakeLambdaEndpoint lambda = FakeLambdaEndpoint.start();
  private final Map<List<String>, ProxyUnderTest> proxies = new HashMap<>();

  ProxiedServer(PostgresServer postgres) {
    this.postgres = postgres;
    this.databases = new DatabaseSupply(postgres);
  }

  /**
   * Runs a case, see {@link ConformanceRunner#run(CaseFile, Variant, Target, LambdaEndpoint)}.
   *
   * @param recording of what is answered, which is then not compared; else null
   */
  void run(CaseFile caseFile, Variant variant, @Nullable CaseRecording recording)
      throws IOException, StartException, ExecutionException, InterruptedException {
    ProxyUnderTest proxy = proxy(caseFile, variant);
    String database = databases.take();
    try {
      Target target =
          new Target(
              proxy.host(), proxy.port(), postgres.user(), database, postgres.majorVersion());
      FakeEndpoint endpoint = new FakeEndpoint(lambda);
      if (recording == null) {
        ConformanceRunner.run(caseFile, variant, target, endpoint);
      } else {
        ConformanceRunner.record(caseFile, variant, target, endpoint, recording);
      }
    } finally {
      databases.drop(database);
    }
  }

  private ProxyUnderTest proxy(CaseFile caseFile, Variant variant)
      throws IOException, StartException, InterruptedException {
    List<String> arguments = new ArrayList<>(variant.calls().proxyArguments());
    arguments.addAll(caseFile.proxyArguments());
    arguments.add("--lambda-endpoint");
    arguments.add(
        (caseFile.endpointUnreachable() ? FakeLambdaEndpoint.refusing() : lambda.uri()).toString());
    ProxyUnderTest proxy = proxies.get(arguments);
    if (proxy == null) {
      proxy = ProxyUnderTest.start(postgres, arguments.toArray(String[]::new));
      proxies.put(arguments, proxy);
    }
    return proxy;
  }

  void close() throws ExecutionException, InterruptedException {
    proxies.values().forEach(ProxyUnderTest::close);
    databases.close();
    lambda.close();
  }
}
