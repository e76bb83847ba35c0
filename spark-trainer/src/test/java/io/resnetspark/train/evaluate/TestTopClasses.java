package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestTopClasses {
    @Test
    void theMostProbableComeFirst() {
        assertThat(TopClasses.of(3, 0.1f, 0.4f, 0.2f, 0.3f)).containsExactly(1, 3, 2);
        assertThat(TopClasses.of(9, 0.2f, 0.8f)).containsExactly(1, 0);
        assertThat(TopClasses.of(2, 0.25f, 0.25f, 0.5f)).containsExactly(2, 0);
    }

    @Test
    void whatIsNoNumberComesLast() {
        assertThat(TopClasses.of(3, Float.NaN, 0.1f, 0.9f)).containsExactly(2, 1, 0);
    }

    @Test
    void probabilitiesFollowTheirClasses() {
        assertThat(TopClasses.probabilities(new int[] {2, 0}, 0.3f, 0.1f, 0.6f)).containsExactly(0.6f, 0.3f);
    }
}
