package io.resnetspark.model.cuda;

/**
 * A parameter's position in DL4J's flat arrays, and how it is updated.
 *
 * @param vertex the layer's name
 * @param key DL4J's: W, b, gamma, beta, mean or var
 * @param offset of its first value among all parameters
 * @param velocity offset in the updater's state; -1 if it has none
 * @param shape outputs x inputs x height x width of weights, else a length
 * @param strides of the shape, in values
 * @param trains whether steps update it; running statistics are updated in any case
 * @param decays whether weight decay acts on it
 */
@SuppressWarnings("ArrayRecordComponent") // read, never compared
public record FlatParameter(
        String vertex,
        String key,
        long offset,
        long velocity,
        long[] shape,
        long[] strides,
        boolean trains,
        boolean decays) {}
