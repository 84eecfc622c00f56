import { StepperView } from '../stepper/stepper-view.tsx';

export function View() {
  return <StepperView />;
}
