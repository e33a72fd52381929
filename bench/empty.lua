-- An event that does nothing: what is left is the cost of the loop around it.
function event()
end
