package io.resnetspark.train.averaging;

import java.io.Serializable;

/**
 * What a round cost beside the workers' steps, where it crossed processes; zero within one.
 *
 * @param handingOut seconds in which the driver handed the state to Spark
 * @param worker of the worker whose costs were highest in sum
 * @param averaging seconds in which the workers' floats, once all were there, became their mean on the driver
 * @param waiting of these, for bytes from the network, on average over those threads that add up
 * @param bytes of raw blocks that were put
 * @param driverBytes of these, those that came to the driver
 */
public record Costs(
        double handingOut, OfWorker worker, double averaging, double waiting, long bytes, long driverBytes) {
    public static final Costs NONE = new Costs(0, OfWorker.NONE, 0, 0, 0, 0);

    /**
     * Of one worker, in seconds.
     *
     * @param receiving in which it took the state from the network
     * @param copying in which the state went into its network and what became of it came out
     * @param putting in which it handed its floats to Spark
     * @param hidden in which the last round's updates were averaged and fetched while it did its steps and waited
     * @param awaited of these, those for which it waited after its steps
     */
    public record OfWorker(double receiving, double copying, double putting, double hidden, double awaited)
            implements Serializable {
        static final OfWorker NONE = new OfWorker(0, 0, 0, 0, 0);

        /** That the round took longer for. */
        double sum() {
            return receiving + copying + putting + awaited;
        }
    }

    /** The same with what handing out the state cost. */
    Costs with(double seconds, long stateBytes) {
        return new Costs(seconds, worker, averaging, waiting, bytes + stateBytes, driverBytes);
    }
}
