package dev.pglambda.journal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatementSecretsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "ALTER ROLE a PASSWORD 'se''cret'; SELECT f('x') ~ ALTER ROLE a PASSWORD ***; SELECT f('x')",
        "alter role a encrypted password 'secret' ~ alter role a encrypted password ***",
        "CREATE USER a PASSWORD '''secret' LOGIN ~ CREATE USER a PASSWORD *** LOGIN",
        "CREATE USER a PASSWORD E'\\'secret' LOGIN ~ CREATE USER a PASSWORD *** LOGIN",
        "CREATE USER a PASSWORD U&'secret' LOGIN ~ CREATE USER a PASSWORD *** LOGIN",
        "CREATE USER a PASSWORD $x$secret$$ $x$ LOGIN ~ CREATE USER a PASSWORD *** LOGIN",
        "EXECUTE 'ALTER ROLE a PASSWORD ''secret'''; END ~ EXECUTE 'ALTER ROLE a PASSWORD ***'; END",
        "OPTIONS (user 'u', password 'secret', x 'y') ~ OPTIONS (user 'u', password ***, x 'y')",
        "OPTIONS (SET \"sslpassword\" 'secret') ~ OPTIONS (SET \"sslpassword\" ***)",
        "CONNECTION 'host=h password=secret user=u' ~ CONNECTION 'host=h password=*** user=u'",
        "CONNECTION 'password = ''secret words'' user=u' ~ CONNECTION 'password = *** user=u'",
        "UPDATE u SET password = 'secret' WHERE id = 1 ~ UPDATE u SET password = *** WHERE id = 1",
        "SET password = crypt('secret', gen_salt('bf')) ~ SET password = ***, gen_salt('bf'))",
        "f(password => 'secret', b => 1) ~ f(password => ***, b => 1)",
        "CONNECTION 'postgresql://u:secret@h/d?x=y' ~ CONNECTION 'postgresql://u:***@h/d?x=y'",
        "ALTER ROLE a PASSWORD 'sec ... ret'; SELECT 1 ~ ALTER ROLE a PASSWORD ***; SELECT 1",
        "ALTER ROLE a PASSWORD 'secret ~ ALTER ROLE a PASSWORD ***",
      })
  void areHidden(String statement, String kept) {
    assertThat(StatementSecrets.hide(statement)).isEqualTo(kept);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT password, name FROM users WHERE name = 'x'",
        "ALTER ROLE a PASSWORD NULL",
        "INSERT INTO orders VALUES (1, 'http://shop:8080/a@b')",
        ""
      })
  void leaveAllElseAsItIs(String statement) {
    assertThat(StatementSecrets.hide(statement)).isEqualTo(statement);
  }

  @Test
  void areFoundInTimeInWhatIsMadeToBeSlow() {
    for (String each : new String[] {"password=", "password ''", "://a:", "password '''x"}) {
      assertThat(StatementSecrets.hide(each.repeat(50_000))).isNotEmpty();
    }
    assertThat(StatementSecrets.hide(null)).isNull();
  }
}
