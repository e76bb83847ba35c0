package io.resnetspark.train.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Overlapped averages on quadratics: SGD with momentum turns a worker's distance from the mean into P d in a round, the
 * correction takes off a part a of d. The distance stays bounded if no eigenvalue of P - a is larger than 1.
 */
class TestDamping {
    private static final double MOMENTUM = 0.9;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 16, 32, 100})
    void distancesStayBoundedForEveryCurvature(int steps) {
        double damping = WorkerLocalState.damping(MOMENTUM, steps);
        for (double curvature = 1e-4; curvature < 2 * (1 + MOMENTUM); curvature *= 1.02) {
            assertThat(distanceAfter(10_000, steps, curvature, damping))
                    .as("curvature times learning rate: %s", curvature)
                    .isLessThan(1000);
        }
    }

    /** All of the distance, as in CoCoD-SGD. */
    @Test
    void withoutDampingTheyDoNot() {
        assertThat(distanceAfter(10_000, 8, 0.1, 1)).isInfinite();
    }

    @Test
    void withoutMomentumMostOfTheDistanceGoes() {
        assertThat(WorkerLocalState.damping(0, 8)).isEqualTo(0.6);
    }

    private static double distanceAfter(int rounds, int steps, double curvature, double damping) {
        double distance = 1;
        double velocity = 0;
        double largest = 0;
        for (int round = 0; round < rounds && Double.isFinite(largest); round++) {
            double begun = distance;
            double begunVelocity = velocity;
            for (int step = 0; step < steps; step++) {
                velocity = MOMENTUM * velocity - curvature * distance;
                distance += velocity;
            }
            distance -= damping * begun;
            velocity -= damping * begunVelocity;
            largest = Math.max(largest, Math.abs(distance) + Math.abs(velocity));
        }
        return Double.isNaN(largest) ? Double.POSITIVE_INFINITY : largest;
    }
}
