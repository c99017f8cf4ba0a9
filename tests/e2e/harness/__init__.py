# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: the process under test, a stand-in backend, raw connections, OTLP messages."""
