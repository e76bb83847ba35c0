package io.resnetspark.train.recipe;

import io.resnetspark.train.dtype.Dtype;
import java.io.Serializable;

/**
 * How workers come to one state.
 *
 * @param updateDtype in which a worker says what it learned; in another than float32, what rounding took from one round
 *     goes into the next
 * @param groupSize workers whose updates are averaged first among themselves; 1 for none
 * @param overlap whether a round's updates are averaged while the next round computes, and taken over a round late
 * @param deadlineSeconds after which a round goes on without the workers that are late; 0 for never
 * @param quorum share of the workers without which it does not, 0 to 1
 */
public record AveragingRecipe(
        Engine engine,
        Period period,
        MomentumRule momentum,
        Dtype updateDtype,
        int groupSize,
        boolean overlap,
        OuterStep outer,
        double deadlineSeconds,
        double quorum)
        implements Serializable {

    /** Whose code averages. */
    public enum Engine {
        OURS,
        DL4J
    }

    /** What becomes of the workers' momentum at an average. */
    public enum MomentumRule {
        AVERAGED,
        LOCAL,
        RESET
    }

    /** Whether a worker keeps something for itself from one round to the next. */
    public boolean workersRemember() {
        return momentum == MomentumRule.LOCAL || sendsChanges();
    }

    /** Whether a worker sends how its parameters changed in a round, not where they came to. */
    public boolean sendsChanges() {
        return overlap || updateDtype != Dtype.FLOAT32;
    }

    static AveragingRecipe read(Section section, int stepsPerRound, LearningRate rate) {
        Engine engine = section.choice("engine", Engine.class);
        Period period = Period.read(section.section("period"), stepsPerRound);
        if (section.flag("one-step-in-warm-up")) {
            period = new Period.AfterWarmUp(rate, period);
        }
        AveragingRecipe recipe = new AveragingRecipe(
                engine,
                period,
                section.choice("momentum", MomentumRule.class),
                section.choice("update-dtype", Dtype.class),
                section.integer("group-size", 1, 1 << 20),
                section.flag("overlap"),
                OuterStep.read(section.section("outer")),
                section.number("deadline-seconds", 0, 1e6),
                section.number("quorum", 0.01, 1));
        section.refuseUnknown();
        recipe.check(section);
        return recipe;
    }

    /** What does not go together. */
    private void check(Section section) {
        if (workersRemember() && deadlineSeconds > 0) {
            section.problem(
                    "deadline-seconds",
                    deadlineSeconds,
                    "0 where workers keep something (momentum = local, update-dtype other than float32, overlap = true):"
                            + " that of a late one would be lost");
        }
        if (overlap && outer.remembers()) {
            section.problem(
                    "overlap",
                    true,
                    "false with averaging.outer: the outer optimiser steps from averages that are not late");
        }
    }
}
