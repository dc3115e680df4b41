package dev.pglambda.lambda.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpProxiesTest {
  private static final String LAMBDA = "https://lambda.eu-west-1.amazonaws.com/";

  private final Map<String, String> environment = new HashMap<>();
  private final Properties properties = new Properties();

  private String route(String uri) throws IOException {
    return new HttpProxies(environment, properties)
        .forRequest(URI.create(uri))
        .map(HttpProxy::toString)
        .orElse("direct");
  }

  @Test
  void goesByTheSchemeOfTheRequest() throws Exception {
    assertThat(route(LAMBDA)).isEqualTo("direct");

    environment.put("HTTPS_PROXY", "http://one:3128");
    environment.put("HTTP_PROXY", "http://two:3129/");

    assertThat(route(LAMBDA)).isEqualTo("one:3128 (HTTPS_PROXY)");
    assertThat(route("http://lambda.example:8080/")).isEqualTo("two:3129 (HTTP_PROXY)");
  }

  @Test
  void prefersTheLowerCase() throws Exception {
    environment.put("HTTPS_PROXY", "http://one:3128");
    environment.put("https_proxy", "two:3129");
    assertThat(route(LAMBDA)).isEqualTo("two:3129 (https_proxy)");

    environment.put("https_proxy", "");
    assertThat(route(LAMBDA)).isEqualTo("direct");
  }

  @ParameterizedTest
  @CsvSource({
    "proxy.example,               http,  proxy.example, 80,   none,  none",
    "proxy.example:3128,          http,  proxy.example, 3128, none,  none",
    "https://proxy.example,       https, proxy.example, 443,  none,  none",
    "http://[::1]:3128,           http,  [::1],         3128, none,  none",
    "http://ann:s%40+e@proxy.example:3128, http, proxy.example, 3128, ann, s@+e",
    "http://corp%5Cann@proxy.example:3128, http, proxy.example, 3128, corp\\ann, none"
  })
  void readsUrls(String url, String scheme, String host, int port, String user, String password)
      throws Exception {
    environment.put("https_proxy", url);

    assertThat(new HttpProxies(environment, properties).forRequest(URI.create(LAMBDA)))
        .contains(
            new HttpProxy(
                scheme,
                host,
                port,
                user.equals("none") ? null : user,
                password.equals("none") ? null : password,
                "https_proxy"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"socks5://u:secret@h:1", "http://u:secret@", "http://u:secret@h:x", "%"})
  void namesTheVariableButNotTheValueThatIsNone(String url) {
    environment.put("HTTPS_PROXY", url);

    assertThatThrownBy(() -> route(LAMBDA))
        .isInstanceOf(IOException.class)
        .hasMessage("HTTPS_PROXY is not the URL of an HTTP proxy");
  }

  @Test
  void neverTellsThePassword() {
    assertThat(new HttpProxy("http", "h", 1, "ann", "secret", "HTTPS_PROXY").toString())
        .isEqualTo("h:1 (HTTPS_PROXY)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          *                                | true
          amazonaws.com                    | true
          .amazonaws.com                   | true
          *.amazonaws.com                  | true
          example,.eu-west-1.amazonaws.com | true
          example .amazonaws.com           | true
          LAMBDA.eu-west-1.AMAZONAWS.com   | true
          amazonaws.com:443                | true
          amazonaws.com:80                 | false
          azonaws.com                      | false
          lambda                           | false
          10.0.0.0/8                       | false
          ''                               | false
          ,                                | false
          .                                | false
          """)
  void leavesTheHostsOfNoProxyAlone(String noProxy, boolean direct) throws Exception {
    environment.put("HTTPS_PROXY", "http://one:3128");
    environment.put("NO_PROXY", noProxy);

    assertThat(route(LAMBDA)).isEqualTo(direct ? "direct" : "one:3128 (HTTPS_PROXY)");
  }

  @ParameterizedTest
  @CsvSource({
    "http://10.1.2.3:8080/, 10.0.0.0/8, true",
    "http://10.1.2.3:8080/, 10.1.2.3, true",
    "http://10.1.2.3:8080/, 10.1.2.3:8080, true",
    "http://10.1.2.3:8080/, 10.1.2.3:8081, false",
    "http://10.1.2.3:8080/, 10.1.2.2/31, true",
    "http://10.1.2.3:8080/, 10.1.2.4/31, false",
    "http://10.1.2.3:8080/, 10.1.2.3/99, false",
    "http://10.1.2.3:8080/, 2.3, false",
    "http://[2001:db8::1]:80/, 2001:db8::/32, true",
    "http://[2001:db8::1]:80/, 2001:db8::1, true",
    "http://[2001:db8::1]:80/, [2001:db8::1]:80, true",
    "http://[2001:db8::1]:80/, [2001:db8::1]:81, false",
    "http://[2001:db8::1]:80/, 10.0.0.0/8, false"
  })
  void knowsAddressesAndNetworks(String uri, String noProxy, boolean direct) throws Exception {
    environment.put("http_proxy", "http://one:3128");
    environment.put("no_proxy", noProxy);

    assertThat(route(uri)).isEqualTo(direct ? "direct" : "one:3128 (http_proxy)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://localhost:3002/",
        "http://api.localhost/",
        "http://127.0.0.1:3002/",
        "http://127.8.8.8/",
        "http://[::1]:80/"
      })
  void neverSendsThisMachineElsewhere(String uri) throws Exception {
    environment.put("http_proxy", "http://one:3128");

    assertThat(route(uri)).isEqualTo("direct");
  }

  @Test
  void followsTheJvmsPropertiesFirst() throws Exception {
    environment.put("HTTPS_PROXY", "http://one:3128");
    properties.setProperty("https.proxyHost", "two");
    assertThat(route(LAMBDA)).isEqualTo("two:443 (https.proxyHost)");

    properties.setProperty("https.proxyPort", "3129");
    assertThat(route(LAMBDA)).isEqualTo("two:3129 (https.proxyHost)");

    properties.setProperty("http.nonProxyHosts", "localhost|*.amazonaws.com");
    assertThat(route(LAMBDA)).isEqualTo("direct");
    properties.setProperty("http.nonProxyHosts", "lambda.*");
    assertThat(route(LAMBDA)).isEqualTo("direct");
    properties.setProperty("http.nonProxyHosts", "amazonaws.com");
    assertThat(route(LAMBDA)).isEqualTo("two:3129 (https.proxyHost)");

    properties.setProperty("https.proxyPort", "x");
    assertThatThrownBy(() -> route(LAMBDA)).hasMessage("https.proxyPort is no port");
  }

  @Test
  void sendsThisMachineThroughAProxyIfTheJvmIsToldSo() throws Exception {
    properties.setProperty("http.proxyHost", "two");
    assertThat(route("http://localhost:3002/")).isEqualTo("direct");

    properties.setProperty("http.nonProxyHosts", "");
    assertThat(route("http://localhost:3002/")).isEqualTo("two:80 (http.proxyHost)");
  }
}
