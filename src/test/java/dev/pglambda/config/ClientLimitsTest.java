package dev.pglambda.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientLimitsTest {
  private static final ClientLimits WANTED = new ClientLimits(1000, 7, 100, 50, 20);

  @Test
  void staysAsWantedWhereThereIsRoom() {
    assertThat(WANTED.scaledTo(1100)).isSameAs(WANTED);
  }

  @ParameterizedTest
  @CsvSource({"1099, 999, 100", "110, 100, 10", "45, 40, 5", "2, 1, 1"})
  void sharesTheRoomInTheSameProportion(long sessions, int clients, int unauthenticated) {
    assertThat(WANTED.scaledTo(sessions))
        .isEqualTo(new ClientLimits(clients, 7, unauthenticated, 50, 20));
  }

  @ParameterizedTest
  @CsvSource({"1", "0", "-30"})
  void leavesOneOfEachKind(long sessions) {
    assertThat(WANTED.scaledTo(sessions)).isEqualTo(new ClientLimits(1, 7, 1, 50, 20));
  }
}
