package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TestLane {
    private SoftwareCard card;

    @BeforeEach
    void findACard() {
        card = SoftwareCard.orSkip();
        System.setProperty(
                "resnet.cuda.path", SoftwareCard.directory().orElseThrow().toString());
    }

    @AfterEach
    void forgetTheCard() {
        System.clearProperty("resnet.cuda.path");
    }

    /** Programs that were recorded with a smaller workspace would write to where it was. */
    @Test
    void tellsEveryProgramThatTheWorkspaceHasMoved() {
        Device device = Device.of(0);
        device.makeCurrent(); // another test's thread may have opened it
        long before = card.used();
        try (Lane lane = new Lane(device)) {
            lane.requireWorkspace(1000);
            int first = lane.generation();
            long address = lane.workspace();
            lane.requireWorkspace(500);
            assertThat(lane.generation()).isEqualTo(first);
            assertThat(lane.workspace()).isEqualTo(address);
            lane.requireWorkspace(2000);
            assertThat(lane.generation()).isNotEqualTo(first);
            assertThat(lane.workspaceBytes()).isEqualTo(2000);
        }
        assertThat(card.used()).isEqualTo(before);
    }
}
