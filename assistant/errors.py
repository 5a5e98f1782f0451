"""What can go wrong with an answer, as one small tree.

AssistantError           every message: the rule, the value that broke it, what to do
├── QuestionError        a question that is empty or far too long
├── SettingsError        a setting or flag that cannot be used
├── ExportError          a file that is no export of a conversation, or a damaged one
├── QuestionsError       a file of questions, or a baseline, that cannot be used; too few questions
├── LlmError             a language model that cannot be reached, refuses, breaks off, or sends what is no reply
├── ModelError           the evidence model is missing or damaged
├── PromptError          a prompt template with a missing or unknown variable
└── CitationError        law 4 is broken: a citation that was not offered or does not hold (a bug, or a damaged index)
"""


class AssistantError(Exception):
    """Something about a question or a setting that its user can mend."""


class QuestionError(AssistantError):
    """A question that is empty or far too long."""


class SettingsError(AssistantError):
    """A setting or flag that cannot be used."""


class QuestionsError(AssistantError):
    """A file of questions, or a baseline, that cannot be used; or too few questions to tell anything by."""


class ExportError(AssistantError):
    """A file that is no export of a conversation, or a damaged one."""


class ModelError(AssistantError):
    """The evidence model is missing or damaged."""


class LlmError(AssistantError):
    """A call of a language model that failed. `wait`: seconds after which it may be tried again, or None."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class PromptError(AssistantError):
    """A prompt template with a missing or unknown variable."""


class CitationError(AssistantError):
    """A citation that was not offered, or whose quote is not in the document at its offsets."""
