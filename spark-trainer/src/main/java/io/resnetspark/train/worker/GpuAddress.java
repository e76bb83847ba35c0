package io.resnetspark.train.worker;

import io.resnetspark.model.cuda.CudaUnavailableException;
import io.resnetspark.model.graph.Placement;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** Which GPU Spark gave a task. */
public final class GpuAddress {
    private GpuAddress() {}

    /** Its number, or {@link Placement#NONE}. */
    public static int ofThisTask() {
        TaskContext task = TaskContext.get();
        return task == null ? Placement.NONE : of(task.resourcesJMap());
    }

    static int of(Map<String, ResourceInformation> resources) {
        ResourceInformation gpu = resources.get("gpu");
        if (gpu == null || gpu.addresses().length == 0) {
            return Placement.NONE;
        }
        return number(gpu.addresses()[0]);
    }

    /** @throws CudaUnavailableException for an address that is no number, as a MIG slice's */
    public static int number(String address) {
        try {
            return Integer.parseInt(address);
        } catch (NumberFormatException other) {
            throw new CudaUnavailableException("Spark gave this task the GPU '" + address + "'; wanted a number, as"
                    + " nvidia-smi's index. Let the discovery script print those.");
        }
    }
}
