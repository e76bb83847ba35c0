package io.resnetspark.model.gpucheck;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs the tests of the GPU kernels on this machine's GPU. */
final class KernelTests {
    private KernelTests() {}

    /** @param classes names of test classes */
    static void run(CheckLog log, List<String> classes) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(classes.stream().map(name -> selectClass(name)).toList())
                .configurationParameter("junit.jupiter.execution.parallel.enabled", "false")
                .build();
        LauncherFactory.create().execute(request, new Listener(log));
    }

    private static final class Listener implements TestExecutionListener {
        private final CheckLog log;
        private TestPlan plan;
        private long started;

        Listener(CheckLog log) {
            this.log = log;
        }

        @Override
        public void testPlanExecutionStarted(TestPlan testPlan) {
            plan = testPlan;
        }

        @Override
        public void executionStarted(TestIdentifier test) {
            if (test.isTest()) {
                started = System.nanoTime();
            }
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            log.skipped(name(test), reason);
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            String problem = result.getThrowable().map(String::valueOf).orElse("");
            switch (result.getStatus()) {
                case SUCCESSFUL -> {
                    if (test.isTest()) {
                        log.check(name(test), true, "%.2f s", (System.nanoTime() - started) / 1e9);
                    }
                }
                case ABORTED -> log.skipped(name(test), problem);
                case FAILED -> {
                    result.getThrowable().ifPresent(Throwable::printStackTrace);
                    log.check(name(test), false, "%s", problem.substring(0, Math.min(300, problem.length())));
                }
            }
        }

        private String name(TestIdentifier test) {
            return plan.getParent(test)
                            .map(parent -> parent.getDisplayName() + ": ")
                            .orElse("")
                    + test.getDisplayName().replaceAll("[A-Za-z]+Network\\[name=([^,\\]]*).*", "$1");
        }
    }
}
