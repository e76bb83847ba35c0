package io.resnetspark.model.kernel;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A oneDNN primitive that runs on the memory of arrays: without copies, and without garbage except the argument list.
 */
final class Primitive {
    /** An argument's number in oneDNN, and its memory layout. */
    record Argument(int number, memory.desc layout) {}

    private final primitive primitive;
    /** JavaCPP frees native memory when a Java handle is collected, so the descriptor is kept. */
    private final Object descriptor;

    private final stream stream;
    private final memory[] memories;
    private final Address[] addresses;
    private final IntMemoryMap arguments = new IntMemoryMap();
    private final long scratchFloats;

    private Primitive(primitive primitive, primitive_desc_base descriptor, long scratchBytes, List<Argument> layouts) {
        engine engine = OneDnn.instance().engine();
        this.primitive = primitive;
        this.descriptor = descriptor;
        this.stream = new stream(engine);
        this.scratchFloats = (scratchBytes + Float.BYTES - 1) / Float.BYTES;
        this.memories = new memory[layouts.size()];
        this.addresses = new Address[layouts.size()];
        for (int i = 0; i < memories.length; i++) {
            addresses[i] = new Address();
            memories[i] = new memory(layouts.get(i).layout(), engine, addresses[i]);
            arguments.put(layouts.get(i).number(), memories[i]);
        }
    }

    /** A primitive created with {@link OneDnn#callersScratchpad}. */
    static Primitive of(primitive primitive, primitive_desc_base descriptor, Argument... arguments) {
        memory.desc scratchpad = descriptor.scratchpad_desc();
        List<Argument> all = new ArrayList<>(List.of(arguments));
        all.add(new Argument(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad));
        return new Primitive(primitive, descriptor, scratchpad.get_size(), all);
    }

    /** Copies from one layout to another. */
    static Primitive reorder(memory.desc from, memory.desc to) {
        engine engine = OneDnn.instance().engine();
        reorder.primitive_desc descriptor =
                new reorder.primitive_desc(engine, from, engine, to, OneDnn.callersScratchpad(), false);
        return of(
                new reorder(descriptor),
                descriptor,
                new Argument(dnnl.DNNL_ARG_SRC, from),
                new Argument(dnnl.DNNL_ARG_DST, to));
    }

    /** @param operands addresses, in the order of the arguments at creation */
    void run(WorkingMemory working, long... operands) {
        for (int i = 0; i < operands.length; i++) {
            memories[i].set_data_handle(addresses[i].at(operands[i]));
        }
        INDArray scratch = scratchFloats == 0 ? null : working.array(scratchFloats);
        memories[operands.length].set_data_handle(
                addresses[operands.length].at(scratch == null ? 0 : address(scratch)));
        try {
            primitive.execute(stream, arguments);
        } finally {
            Reference.reachabilityFence(scratch); // outside of a workspace, its memory would be freed with it
        }
    }

    /** The address of an array's first element. ND4J's own {@code data().address()} omits the offset of a view. */
    static long address(INDArray array) {
        return array.data().address() + array.offset() * Float.BYTES;
    }

    @Override
    public String toString() {
        return primitive.get_kind() + " of " + descriptor;
    }

    private static final class Address extends Pointer {
        Address() {
            super((Pointer) null);
        }

        Address at(long value) {
            address = value;
            return this;
        }
    }
}
