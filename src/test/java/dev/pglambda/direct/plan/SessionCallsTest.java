package dev.pglambda.direct.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.DirectCallMode;
import dev.pglambda.protocol.ErrorFields;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SessionCallsTest {
  private static final InstalledSchemas NONE = new InstalledSchemas(false, false, true);
  private static final InstalledSchemas BOTH = new InstalledSchemas(true, true, true);
  private static final String IN_WORKER =
      "PL/pgSQL function pglambda.invoke(text,text,text,text,text,text,text,text,text) line 9";

  private long now;
  private final DirectCalls all = calls(DirectCallMode.AUTO);
  private final SessionCalls session = all.in("db");
  private final SessionCalls neighbour = all.in("db");
  private final SessionCalls elsewhere = all.in("other");

  @Test
  void leavesToTheServerWhatIsInstalled() {
    assertThat(session.areLeftToServer(NONE)).isFalse();
    assertThat(session.areLeftToServer(new InstalledSchemas(false, true, true))).isFalse();
    assertThat(session.areLeftToServer(BOTH)).isTrue();
    assertThat(session.mayBeServedWhereInstalled()).isFalse();
    assertThat(session.isCallbackToBeTried()).isFalse();
  }

  @Test
  void leavesNothingToTheServerIfToldTo() {
    SessionCalls always = calls(DirectCallMode.ALWAYS).in("db");

    assertThat(always.areLeftToServer(BOTH)).isFalse();
    assertThat(always.mayBeServedWhereInstalled()).isTrue();
    assertThat(always.concerns(error("08001", IN_WORKER))).isTrue();
    assertThat(always.isCallbackToBeTried()).isFalse();
  }

  /** The CONTEXT may be of a function that a user has named so. */
  @ParameterizedTest
  @ValueSource(strings = {"08001", "58P01", "42883"})
  void isMadeSuspiciousByAnErrorAndNothingElse(String sqlState) {
    assertThat(session.concerns(error(sqlState, IN_WORKER))).isTrue();

    assertThat(session.isCallbackToBeTried()).isTrue();
    assertThat(session.mayBeServedWhereInstalled()).as("looks at the next one").isTrue();
    assertThat(session.areLeftToServer(BOTH)).as("does not serve it").isTrue();
    assertThat(neighbour.isCallbackToBeTried()).isFalse();
    assertThat(neighbour.mayBeServedWhereInstalled()).isFalse();
  }

  /** Other errors of the worker's, and those errors of others. */
  @ParameterizedTest
  @CsvSource({"22023, true", "08006, true", "28000, true", "08001, false", "42883, false"})
  void learnsNothingFromOtherErrors(String sqlState, boolean worker) {
    assertThat(session.concerns(error(sqlState, worker ? IN_WORKER : null))).isFalse();
    assertThat(session.isCallbackToBeTried()).isFalse();
  }

  /** It says that somebody has dropped the extension, not that it cannot be used. */
  @Test
  void isToldOfSchemasThatAreGone() {
    assertThat(session.concerns(error("3F000", null))).isTrue();
    assertThat(session.isCallbackToBeTried()).isFalse();
  }

  @Test
  void servesTheSessionsOfADatabaseWhoseTrialGotNoAnswer() {
    failTrial(session);

    assertThat(session.areLeftToServer(BOTH)).isFalse();
    assertThat(neighbour.areLeftToServer(BOTH)).isFalse();
    assertThat(neighbour.mayBeServedWhereInstalled()).isTrue();
    assertThat(session.isCallbackToBeTried()).isFalse();
    assertThat(elsewhere.areLeftToServer(BOTH)).isTrue();
    assertThat(elsewhere.mayBeServedWhereInstalled()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, true"})
  void goesOnLeavingThemToTheServerIfTheTrialWasAnswered(boolean answered, boolean cameHere) {
    session.concerns(error("08001", IN_WORKER));
    assertThat(session.beginTrial()).isTrue();
    if (cameHere) {
      session.calledBack();
    }
    session.endTrial(answered);

    assertThat(session.areLeftToServer(BOTH)).isTrue();
    assertThat(session.isCallbackToBeTried()).isFalse();
  }

  @Test
  void leavesThemToTheServerAgainWhenItHasCalledBackForASessionOfTheDatabase() {
    failTrial(session);

    elsewhere.calledBack();
    assertThat(session.areLeftToServer(BOTH)).isFalse();
    neighbour.calledBack();
    assertThat(session.areLeftToServer(BOTH)).isTrue();
  }

  /** By one session; what was found out holds until there is a result. */
  @Test
  void triesAgainAfterAWhile() {
    failTrial(session);
    now += CallbackReach.VALID.toNanos() - 1;
    assertThat(neighbour.isCallbackToBeTried()).isFalse();
    now++;
    assertThat(neighbour.isCallbackToBeTried()).isTrue();
    assertThat(session.isCallbackToBeTried()).isTrue();

    assertThat(neighbour.beginTrial()).isTrue();
    assertThat(session.beginTrial()).isFalse();
    assertThat(session.areLeftToServer(BOTH)).isFalse();
    neighbour.endTrial(true);

    assertThat(session.areLeftToServer(BOTH)).isTrue();
  }

  @Test
  void keepsWhatItKnowsOfSoManyDatabases() {
    for (int i = 0; i < CallbackReach.MOST_DATABASES; i++) {
      failTrial(all.in("db" + i));
    }
    failTrial(elsewhere);
    assertThat(elsewhere.areLeftToServer(BOTH)).as("one too many").isTrue();

    now += Duration.ofMinutes(2).toNanos();
    failTrial(elsewhere);
    assertThat(elsewhere.areLeftToServer(BOTH)).as("the others are over").isFalse();
  }

  private static void failTrial(SessionCalls session) {
    session.concerns(error("08001", IN_WORKER));
    session.beginTrial();
    session.endTrial(false);
  }

  private DirectCalls calls(DirectCallMode mode) {
    return new DirectCalls(
        mode,
        role -> role + ".rolsuper",
        (arguments, origin) -> new CompletableFuture<>(),
        () -> now);
  }

  private static ErrorFields error(String sqlState, @Nullable String context) {
    return ErrorFields.fatal(sqlState, "m").with(ErrorFields.CONTEXT, context);
  }
}
