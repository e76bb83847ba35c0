package io.resnetspark.train.recipe;

import io.resnetspark.train.dtype.Dtype;
import java.io.Serializable;

/**
 * How the workers' states are averaged.
 *
 * @param updateDtype number format of the updates that workers send; if it is not float32, the rounding error of a round is
 *     added to the next one's update (error feedback)
 * @param groupSize workers whose updates are averaged among themselves first; 1: no groups
 * @param overlap whether a round's updates are averaged while the next round computes, and applied one round late
 * @param deadlineSeconds after which a round continues without late workers; 0: never
 * @param quorum the share of the workers that a round needs at the deadline, 0 to 1
 */
public record AveragingRecipe(
        Engine engine,
        AveragingPeriod period,
        MomentumRule momentum,
        Dtype updateDtype,
        int groupSize,
        boolean overlap,
        OuterOptimizer outer,
        double deadlineSeconds,
        double quorum)
        implements Serializable {

    /** The implementation. */
    public enum Engine {
        NATIVE,
        DL4J
    }

    /** The workers' momentum at an average. */
    public enum MomentumRule {
        AVERAGED,
        LOCAL,
        RESET
    }

    /** Whether a worker keeps state of its own from one round to the next. */
    public boolean workersKeepLocalState() {
        return momentum == MomentumRule.LOCAL || sendsChanges();
    }

    /** Whether a worker sends the change of its parameters in a round, not their values. */
    public boolean sendsChanges() {
        return overlap || updateDtype != Dtype.FLOAT32;
    }

    static AveragingRecipe read(Section section, int stepsPerRound, LearningRateSchedule learningRate) {
        Engine engine = section.choice("engine", Engine.class);
        AveragingPeriod period = AveragingPeriod.read(section.section("period"), stepsPerRound);
        if (section.flag("every-step-in-warm-up")) {
            period = new AveragingPeriod.AfterWarmUp(learningRate, period);
        }
        AveragingRecipe recipe = new AveragingRecipe(
                engine,
                period,
                section.choice("momentum", MomentumRule.class),
                section.choice("update-dtype", Dtype.class),
                section.integer("group-size", 1, 1 << 20),
                section.flag("overlap"),
                OuterOptimizer.read(section.section("outer-optimizer")),
                section.number("deadline-seconds", 0, 1e6),
                section.number("quorum", 0.01, 1));
        section.refuseUnknown();
        recipe.check(section);
        return recipe;
    }

    /** What does not go together. */
    private void check(Section section) {
        if (workersKeepLocalState() && deadlineSeconds > 0) {
            section.problem(
                    "deadline-seconds",
                    deadlineSeconds,
                    "0 where workers keep state of their own (momentum = local, update-dtype other than float32, overlap ="
                            + " true): that of a late worker would be lost");
        }
        if (overlap && outer.hasVelocity()) {
            section.problem(
                    "overlap", true, "false with averaging.outer-optimizer, which needs averages that are not late");
        }
    }
}
